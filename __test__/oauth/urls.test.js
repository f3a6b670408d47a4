/** Which URLs are accepted for requests: https, http to this machine, nothing hidden in them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeUrl, isLoopback, parseUrlOption, urlProblem } from "../../lib/oauth/urls.js";

describe("isLoopback", () => {
  it("holds for addresses that never leave the machine, in every notation", () => {
    for (const host of [
      "localhost",
      "LOCALHOST",
      "127.0.0.1",
      "127.255.0.9",
      "127.1",
      "0x7f.0.0.1",
      "2130706433",
      "[::1]",
    ]) {
      assert.equal(isLoopback(new URL(`http://${host}:8080/`)), true, host);
    }
    for (const host of [
      "localhost.example.com",
      "x.localhost",
      "127.0.0.1.nip.io",
      "10.0.0.1",
      "[::2]",
      "[::ffff:127.0.0.1]",
      "128.0.0.1",
    ]) {
      assert.equal(isLoopback(new URL(`http://${host}/`)), false, host);
    }
  });
});

describe("urlProblem", () => {
  it("accepts http to another machine only where https is not required", () => {
    assert.equal(urlProblem("http://issuer.example.com/", false), undefined);
    assert.match(urlProblem("http://issuer.example.com/", true), /https/);
    assert.equal(urlProblem("http://[::1]:3000/jwks", true), undefined);
    assert.equal(urlProblem("https://issuer.example.com/jwks?tenant=a", true), undefined);
  });

  it("rejects other schemes, credentials, fragments and what a URL parser drops, with https required or not", () => {
    const texts = [
      "ftp://a/",
      "javascript:1",
      "data:,x",
      "https://u:p@a/",
      "https://u@a/",
      "https://a/#",
      "https://a/\t",
      "https://a\t.example/",
      " https://a/",
      "https://a/é",
      "https:a",
      "https:/a",
      "https:///a",
      "https:\\\\a",
      "https://a\\b",
      "a",
      `https://a/${"x".repeat(2048)}`,
      new URL("https://a/"),
      null,
    ];
    for (const text of texts) {
      for (const requireHttps of [true, false]) {
        assert.equal(typeof urlProblem(text, requireHttps), "string", String(text));
      }
    }
  });
});

describe("parseUrlOption", () => {
  it("names the option and not its value", () => {
    assert.throws(() => parseUrlOption("jwksUri", "https://u:hunter2@a/"), {
      code: "ERR_MCP_AUTH_OPTION_INVALID",
      message: "`jwksUri` must not contain a user name or password",
    });
    assert.equal(parseUrlOption("jwksUri", "https://a/x").href, "https://a/x");
  });
});

describe("describeUrl", () => {
  it("leaves out the query, and is short", () => {
    assert.equal(describeUrl(new URL("https://a/x?key=hunter2")), "https://a/x");
    assert.equal(describeUrl(new URL(`https://a/${"x".repeat(1000)}`)).length, 200);
  });
});
