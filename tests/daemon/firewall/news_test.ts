import assert from "node:assert/strict";
import { createNews } from "../../../daemon/firewall/news.ts";
import { createRate } from "../../../daemon/firewall/rate.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { change, fakeBackend, fakeListener, fakePath } from "../../fakes/packet_filter.ts";

function scene(hasListener = true) {
  const { path, state } = fakePath();
  const { listener, waiting } = fakeListener();
  const { backend } = fakeBackend("nftables", () => 1000);
  const surveys = createRate();
  const judging = createRate();
  const holder = { isOwn: (portId: number) => portId === 1, held: { backend } };
  const news = createNews({
    ...{ listener: hasListener ? listener : null, path, holder, surveys, judging, steady: () => 7 },
  });
  return { news, state, waiting, surveys, judging };
}

Deno.test("takeConcern() tells once that something of ours may be gone, and keeps what hear() heard", () => {
  const { news, waiting } = scene();
  waiting.changes.push(change("ours"));
  news.hear();
  assert.equal(news.takeConcern(), true);
  assert.equal(news.takeConcern(), false);
  news.doubt();
  assert.equal(news.takeConcern(), true);
});

Deno.test("hear() tells the path of every change, and makes nothing due for our own", () => {
  const { news, state, waiting, surveys, judging } = scene();
  waiting.changes.push(change("theirs", 1), change("ours", 1));
  assert.equal(news.takeConcern(), false);
  assert.equal(state.heard.length, 2);
  assert.equal(surveys.dueAt, null);
  assert.equal(judging.dueAt, null);
  waiting.changes.push(change("apart"));
  news.hear();
  assert.equal(judging.dueAt, null, "it is about no packet of a grant");
  waiting.changes.push(change("other"));
  assert.equal(news.takeConcern(), false);
  assert.equal(judging.dueAt, 7);
  waiting.changes.push(change("theirs"));
  news.hear();
  assert.equal(surveys.dueAt, 7);
});

Deno.test("lose() has everything looked at again; where nothing can be heard of, nothing is", () => {
  const { news, state, surveys, judging } = scene();
  news.lose();
  assert.deepEqual(state.heard, ["lost"]);
  assert.equal(surveys.dueAt, 7);
  assert.equal(judging.dueAt, 7);
  assert.equal(news.takeConcern(), true);
  assert.equal(scene(false).news.takeConcern(), false);
});

Deno.test("takeDoubt() takes news that cannot be read for lost ones", () => {
  const { news, state, waiting, surveys } = scene();
  assert.equal(news.takeDoubt(), false);
  waiting.changes.push(change("ours"));
  assert.equal(news.takeDoubt(), true);
  assert.equal(news.takeDoubt(), false);
  Object.defineProperty(waiting, "changes", {
    get: () => {
      throw new FfiError("no answer", { library: "nfnetlink", code: 0 });
    },
  });
  assert.throws(() => news.takeConcern(), FfiError);
  assert.equal(surveys.dueAt, null);
  assert.equal(news.takeDoubt(), true);
  assert.deepEqual([state.heard.at(-1), surveys.dueAt], ["lost", 7]);
});
