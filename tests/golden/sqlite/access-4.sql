BEGIN TRANSACTION;
CREATE TABLE account_changes (
        number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, deed TEXT NOT NULL,
        name TEXT NOT NULL, detail TEXT NOT NULL
    );
INSERT INTO "account_changes" VALUES(1,1700000000000,'admin','token','d1','');
INSERT INTO "account_changes" VALUES(2,1700000001000,'admin','token_revoked','d1','');
CREATE TABLE accounts (
        name TEXT PRIMARY KEY, display TEXT NOT NULL, roles TEXT NOT NULL, unit TEXT NOT NULL,
        password TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0
    );
INSERT INTO "accounts" VALUES('desk1','张三','dispatcher','','$argon2id$v=19$m=65536,t=3,p=4$Kqfy4VSsbt/rGjRqmjOlMQ$D2mIu51vkPLpYbOsTpm7iMdFiNP00NA3zJusRQUiQtw',0);
CREATE TABLE camera_addresses (camera TEXT PRIMARY KEY, address BLOB NOT NULL);
INSERT INTO "camera_addresses" VALUES('k1',X'1E15B8F2FCE30A693BF9F5E7EDA00AE48BAFCC083DA9D7CF5F1D28E1FBEBBBD98DD360B99CF7E8FC40EE2A81CC');
CREATE TABLE device_tokens (token TEXT PRIMARY KEY, device TEXT NOT NULL UNIQUE, revoked INTEGER NOT NULL DEFAULT 0);
INSERT INTO "device_tokens" VALUES('7c1d7a1f5f0b4b35c4f6f3a2b7b1f3d6f8f1b6c1d2e3f405162738495a6b7c8d','d1',1);
CREATE TABLE sessions (
        token TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
        csrf TEXT NOT NULL, until_ms INTEGER NOT NULL
    );
CREATE TABLE site_key (one INTEGER PRIMARY KEY CHECK (one = 1), fingerprint TEXT NOT NULL);
INSERT INTO "site_key" VALUES(1,'9e2f909f5210cc7394028a2775972c39ac166cc38f2f2df47bf3ac02437d1ed5');
PRAGMA user_version = 4;
COMMIT;
