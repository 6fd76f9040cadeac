-- SPDX-FileCopyrightText: The x509up authors
-- SPDX-License-Identifier: Apache-2.0

-- What voms-mysql-plugin 3.1.7 reads of a database of version 3, the one that VOMS Admin keeps: a user has
-- certificates, which can be suspended. (Version 2, which voms_install_db makes, has no suspension.)
-- Names are as X509_NAME_oneline writes them.
{{range .VOs}}
CREATE DATABASE `{{.DB}}` CHARACTER SET utf8mb4;
USE `{{.DB}}`;
CREATE TABLE version (version INT NOT NULL);
CREATE TABLE ca (cid SMALLINT PRIMARY KEY, subject_string VARCHAR(255) NOT NULL);
CREATE TABLE certificate (usr_id BIGINT NOT NULL, ca_id SMALLINT NOT NULL, subject_string VARCHAR(255) NOT NULL, suspended BOOL NOT NULL, suspended_reason VARCHAR(255));
CREATE TABLE groups (gid BIGINT PRIMARY KEY, dn VARCHAR(255) NOT NULL);
CREATE TABLE roles (rid BIGINT PRIMARY KEY, role VARCHAR(255) NOT NULL);
CREATE TABLE m (userid BIGINT NOT NULL, gid BIGINT NOT NULL, rid BIGINT);
CREATE TABLE attributes (a_id BIGINT PRIMARY KEY, a_name VARCHAR(255) NOT NULL);
CREATE TABLE usr_attrs (a_id BIGINT NOT NULL, u_id BIGINT NOT NULL, a_value VARCHAR(255));
CREATE TABLE group_attrs (a_id BIGINT NOT NULL, g_id BIGINT NOT NULL, a_value VARCHAR(255));
CREATE TABLE role_attrs (a_id BIGINT NOT NULL, g_id BIGINT NOT NULL, r_id BIGINT NOT NULL, a_value VARCHAR(255));

INSERT INTO version VALUES (3);
INSERT INTO ca VALUES (1, {{sql $.CA}});

-- 1 is in groups and has roles, 2 is a mere member, 3 is in very many groups, 4 and 5 are suspended.
INSERT INTO certificate VALUES (1, 1, {{sql $.Member}}, 0, NULL);
INSERT INTO certificate VALUES (2, 1, {{sql $.Plain}}, 0, NULL);
INSERT INTO certificate VALUES (3, 1, {{sql $.Busy}}, 0, NULL);
INSERT INTO certificate VALUES (4, 1, {{sql $.Suspended}}, 1, 'The AUP was not signed.');
INSERT INTO certificate VALUES (5, 1, {{sql $.Markup}}, 1, 'AT&T <nobody@example.org>');

INSERT INTO groups VALUES (1, '/{{.VO}}'), (2, '/{{.VO}}/group'), (3, '/{{.VO}}/group/sub'), (4, '/{{.VO}}/other');
INSERT INTO groups SELECT 100 + seq, CONCAT('/{{.VO}}/many-', LPAD(seq, 3, '0')) FROM seq_1_to_100;
INSERT INTO roles VALUES (1, 'VO-Admin'), (2, 'x'), (3, 'production');
INSERT INTO m VALUES (1, 1, NULL), (1, 2, NULL), (1, 3, NULL), (1, 1, 1), (1, 1, 3), (1, 3, 2);
INSERT INTO m VALUES (2, 1, NULL), (3, 1, NULL), (4, 1, NULL), (5, 1, NULL);
INSERT INTO m SELECT 3, gid, NULL FROM groups WHERE gid > 100;

INSERT INTO attributes VALUES (1, 'nickname'), (2, 'quota'), (3, 'site');
INSERT INTO usr_attrs VALUES (1, 1, 'zoë = "Z" (1)');
INSERT INTO group_attrs VALUES (2, 2, '10 GB'), (2, 3, '20 GB');
INSERT INTO role_attrs VALUES (2, 1, 1, '1 TB'), (3, 3, 2, 'Nœud');
{{end}}
