<?php
$metadata['{{.EntityID}}'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'saml.key',
    'certificate' => 'saml.crt',
    'auth' => {{if .Kerberos}}isset($_SERVER['REMOTE_USER']) ? 'remote-user' : {{end}}'example-userpass',
    'saml20.ecp' => true,
    // What is signed and encrypted towards whom is in saml20-sp-remote.php.
    'validate.authnrequest' => true,
    'redirect.sign' => true,
    'saml20.sign.assertion' => true,
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
];
