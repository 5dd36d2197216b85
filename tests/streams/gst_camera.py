"""A GStreamer RTSP server, to be run by the distribution's Python.

`gst_camera.py PORT LAUNCH PROTOCOLS AUTH [USER:PASSWORD]` serves LAUNCH at /cam1. PROTOCOLS is `udp`, `tcp` or `any`;
AUTH is `none`, `basic` or `digest`. It says that it is ready once LAUNCH has run to its first packet: the encoder of a
camera runs before anybody asks, and this one would load all it needs, seconds on a busy machine, while DESCRIBE waits.
"""

from __future__ import annotations

import sys
import threading

import gi  # type: ignore[import-not-found, import-untyped, unused-ignore]  # the distribution's, untyped

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # type: ignore  # noqa: E402 - as above

Gst.init(None)
port, launch, protocols, auth_method, *credentials = sys.argv[1:]

rehearsal, pictures, came = Gst.Pipeline(), Gst.parse_launch(launch), threading.Event()
sink = Gst.ElementFactory.make("fakesink")
rehearsal.add(pictures)
rehearsal.add(sink)
pictures.add_pad(Gst.GhostPad.new("src", pictures.get_by_name("pay0").get_static_pad("src")))
pictures.link(sink)
sink.props.signal_handoffs = True
sink.connect("handoff", lambda *_: came.set())
rehearsal.set_state(Gst.State.PLAYING)
came.wait()
rehearsal.set_state(Gst.State.NULL)

server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(launch)
factory.set_shared(True)
if protocols != "any":
    factory.set_protocols({"udp": GstRtsp.RTSPLowerTrans.UDP, "tcp": GstRtsp.RTSPLowerTrans.TCP}[protocols])
if auth_method != "none":
    user, _, password = credentials[0].partition(":")
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    if auth_method == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/cam1", factory)
if not server.attach(None):
    sys.exit(f"port {port} is taken")
sys.stdout.write("rtsp ready\n")
sys.stdout.flush()
GLib.MainLoop().run()
