BEGIN TRANSACTION;
CREATE TABLE newest (
        space TEXT NOT NULL, device TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (space, device)
    ) WITHOUT ROWID;
INSERT INTO "newest" VALUES('live','du1',1700000240000);
CREATE TABLE positions (
        space TEXT NOT NULL, device TEXT NOT NULL, at_ms INTEGER NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL,
        source TEXT NOT NULL, accuracy_m REAL, speed_kmh REAL, heading_deg REAL, altitude_m REAL, sos INTEGER NOT NULL,
        PRIMARY KEY (space, device, at_ms)
    ) WITHOUT ROWID;
INSERT INTO "positions" VALUES('live','du1',1700000000000,30.5,114.3,'mobile',NULL,NULL,NULL,NULL,0);
INSERT INTO "positions" VALUES('live','du1',1700000060000,30.501,114.3,'mobile',NULL,NULL,NULL,NULL,0);
INSERT INTO "positions" VALUES('live','du1',1700000120000,30.502,114.3,'mobile',NULL,NULL,NULL,NULL,0);
INSERT INTO "positions" VALUES('live','du1',1700000180000,30.503,114.3,'mobile',NULL,NULL,NULL,NULL,0);
INSERT INTO "positions" VALUES('live','du1',1700000240000,30.504,114.3,'mobile',NULL,NULL,NULL,NULL,0);
CREATE TABLE sightings (
        space TEXT NOT NULL, camera TEXT NOT NULL, first_ms INTEGER NOT NULL, plate TEXT NOT NULL,
        colour TEXT NOT NULL, last_ms INTEGER NOT NULL, reads INTEGER NOT NULL, confidence REAL NOT NULL,
        picture TEXT, box BLOB, PRIMARY KEY (space, camera, first_ms, plate)
    ) WITHOUT ROWID;
INSERT INTO "sightings" VALUES('live','k1',1700000000000,'京A12345','blue',1700000000900,3,0.9,NULL,NULL);
CREATE INDEX sightings_by_plate ON sightings (space, plate, first_ms);
CREATE INDEX sightings_by_time ON sightings (space, first_ms);
PRAGMA user_version = 1;
COMMIT;
