import { describe, expect, it } from "vitest";
import { meaningOf } from "../../../src/components/video/reasons";

describe("why a camera is down, in words (R408)", () => {
  it.each([
    ["404 no such stream", "摄像机没有这路画面"],
    ["401 Unauthorized", "用户名或密码不对"],
    ["connection refused", "摄像机拒绝连接"],
    ["host not found or not reachable", "连不上摄像机，查网络和电源"],
    ["no packets for 10 s", "连上了，但没有画面传来"],
    ["the camera ended the stream", "摄像机中止了传输"],
    ["INVITE answered 200, but 10.0.0.9:30000 does not answer: firewall?", "信令通，画面不到，查防火墙"],
    ["codec is neither H.264 nor H.265: mjpeg", "画面编码不支持"],
    ["camera k0 shows no picture: edge agent gate of release 0.1.0 is too old for this (live): update it", "边缘节点版本过旧，需升级"],
    ["edge agent gate is not connected to this hub: is its machine on, does its link reach here?", "边缘节点不在线"],
    ["the link of edge agent gate carries 12 kB/s, too little for this camera: let it send smaller pictures", "到边缘节点的线路不够"],
    ["edge agent gate: 401 unauthorised", "用户名或密码不对"],
  ])("says what %s means", (reason, meaning) => {
    expect(meaningOf(reason)).toBe(meaning);
  });

  it("makes nothing up", () => {
    expect(meaningOf("")).toBe("");
    expect(meaningOf("the moon is too bright")).toBe("");
  });
});
