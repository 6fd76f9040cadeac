<?php
require_once __DIR__ . '/RemoteUser.php';
$config = [
    'example-userpass' => [
        'exampleauth:UserPass',
{{- range .Users}}
        '{{.Name}}:{{.Password}}' => [
{{- if .Principal}}
            // eduPersonPrincipalName, displayName
            'urn:oid:1.3.6.1.4.1.5923.1.1.1.6' => ['{{.Principal}}'],
            'urn:oid:2.16.840.1.113730.3.1.241' => ['{{.DisplayName}}'],
{{- else}}
            'urn:oid:2.5.4.4' => ['surname only'],
{{- end}}
        ],
{{- end}}
    ],
{{- if .Kerberos}}
    'remote-user' => [
        'RemoteUser',
        'users' => [
{{- range $name, $who := .RemoteUsers}}
            '{{$name}}' => [
                'urn:oid:1.3.6.1.4.1.5923.1.1.1.6' => ['{{$who.Principal}}'],
                'urn:oid:2.16.840.1.113730.3.1.241' => ['{{$who.DisplayName}}'],
            ],
{{- end}}
        ],
    ],
{{- end}}
];
