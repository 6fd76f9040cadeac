<?php
$metadata['{{.EntityID}}'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'saml.key',
    'certificate' => 'saml.crt',
    'auth' => 'example-userpass',
    'saml20.ecp' => true,
    // What is signed and encrypted towards whom is in saml20-sp-remote.php.
    'validate.authnrequest' => true,
    'redirect.sign' => true,
    'saml20.sign.assertion' => true,
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
];
