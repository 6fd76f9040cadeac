<?php
{{- range .SPs}}
$metadata['{{.EntityID}}'] = [
    'AssertionConsumerService' => [[
        'Binding' => '{{.Binding}}',
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
