"""The whole product on virtual time: a seeded county, seeded faults, and checks after every step."""
