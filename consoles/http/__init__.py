"""The hub's HTTP face: who is asking, requests to the record, the live websocket, files, pages."""
