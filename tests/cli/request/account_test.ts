import assert from "node:assert/strict";
import { accountName } from "../../../cli/request/account.ts";

Deno.test("accountName() is what id(1) says, or null for a number without a name", async () => {
  const { stdout, success } = await new Deno.Command("id", { args: ["-un"], stderr: "null" }).output();
  assert.equal(accountName(), success ? new TextDecoder().decode(stdout).trim() : null);
});
