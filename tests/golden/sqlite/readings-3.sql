BEGIN TRANSACTION;
CREATE TABLE kept (space TEXT PRIMARY KEY, from_day INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE looked (known_ms INTEGER NOT NULL);
INSERT INTO "looked" VALUES(1700000300000);
CREATE TABLE newest (
        space TEXT NOT NULL, device TEXT NOT NULL, at_ms INTEGER NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL,
        source TEXT NOT NULL, accuracy_m REAL, speed_kmh REAL, heading_deg REAL, altitude_m REAL, sos INTEGER NOT NULL,
        stamp INTEGER NOT NULL, PRIMARY KEY (space, device)
    ) WITHOUT ROWID;
INSERT INTO "newest" VALUES('live','du1',1700000240000,30.504,114.3,'mobile',NULL,NULL,NULL,NULL,0,1);
CREATE TABLE stamps (stamp INTEGER NOT NULL);
INSERT INTO "stamps" VALUES(1);
CREATE INDEX newest_by_stamp ON newest (space, stamp);
PRAGMA user_version = 3;
COMMIT;
