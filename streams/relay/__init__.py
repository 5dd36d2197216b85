"""Live pictures to browsers by WebRTC: H.264 passed through, packetised once for all viewers of a camera (WHEP)."""
