"""The edge agent: gateways, cameras and plate reader near the cameras, with an outbox that outlives every cut."""
