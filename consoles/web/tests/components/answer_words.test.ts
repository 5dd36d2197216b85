import { describe, expect, it } from "vitest";
import { answerWords } from "../../src/components/answer_words";

describe("what the hub answers on screens of cameras, in words (R795)", () => {
  it.each([
    ["no camera 'k1'", "没有这台摄像机，可能已移除"],
    ["the camera is no more", "没有这台摄像机，可能已移除"],
    ["what answers does not speak RTSP", "地址的协议不对，查地址和端口"],
    ["it asks for the password in a way that is not known", "登录方式不支持"],
    ["the media server agreed to send, but no way to it was found: is UDP let through?", "流媒体服务器应答有误，或 UDP 不通"],
    ["edge agent gate ended the pictures", "传输中途断了"],
    ["edge agent gate is not connected to this hub", "边缘节点 gate 不在线：查它的电源和到中心的线路"],
    ["the connection of hub https://h:1 was cut", "到另一中心的连接断了"],
    ["the publishing key is wrong, or this camera does not publish", "推送密钥不对，或已换新"],
    ["64 cameras are being moved", "同时转动的摄像机太多，请稍候"],
    ["the camera has no preset 3", "没有预置位 3"],
    ["edge agent gate moves the camera no more", "转动中断：请再按一次"],
    ["the clip that came from edge agent gate is not the one that it hashed", "edge agent gate 传来的片段已损坏，请再导出"],
    ["nobody can tell yet whether the clip is on record: it is kept, and listed as soon as it is (the disk is full)", "记录此刻没有应答：片段已保存，确认记录后自动列出，不必再导出"],
    ["no other clip is made before it is known whether the last one is on record; try again later", "上一段导出还没有确认记录，请稍候再导出"],
    ["no GB/T 28181 device 43062100001320000001 is registered", "国标设备 43062100001320000001 没有注册：查它的电源、网络和平台设置"],
    ["32 GB/T 28181 streams run already", "国标码流已到上限，请稍候"],
    ["the device refuses the video: port 0", "设备没有给出画面"],
    ["the playback was held for 5 minutes", "暂停超过 5 分钟，已断开：请重新打开"],
    ["internal error: KeyError", "中心内部出错，请告知管理员"],
  ])("%s", (told, words) => {
    expect(answerWords(told)).toBe(words);
  });

  it("makes nothing up", () => {
    expect(answerWords("the moon is too bright")).toBe("");
  });
});
