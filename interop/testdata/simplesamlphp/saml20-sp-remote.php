<?php
{{- range .SPs}}
$metadata['{{.EntityID}}'] = [
    // SimpleSAMLphp compares this URL with the AuthnRequest's; on any difference it redirects to its login form.
    'AssertionConsumerService' => [[
        'Binding' => 'urn:oasis:names:tc:SAML:2.0:bindings:PAOS',
        'Location' => '{{.ACS}}',
        'index' => 0,
    ]],
    'saml20.sign.response' => {{.SignedResponse}},
    'assertion.encryption' => {{.EncryptedAssertion}},
    'keys' => [[
        'type' => 'X509Certificate',
        'signing' => true,
        'encryption' => true,
        'X509Certificate' => '{{.SAML.CertBase64}}',
    ]],
];
{{- end}}
