/**
 * The packet filter as the rest of the daemon has it: the backend of the moment, the way of packets beside it, and the one
 * listener to what others do to the ruleset. What others do is heard before a grant is called open, and judged; a survey
 * that finds other chains makes the decision for a backend anew, and what is open goes over to it.
 */
import type { RulesetListener } from "../../ffi/nfnetlink/events.ts";
import { createPause } from "../../lib/host/pause.ts";
import { waitAtMost } from "../../lib/host/wait_at_most.ts";
import { formatPutBack, formatShut } from "../report/log_lines.ts";
import type { Right } from "../start/rights.ts";
import type { OpenedBackend } from "./backend.ts";
import { createDecision, type Decision, type DecisionParts } from "./decision.ts";
import {
  type Access,
  type Firewall,
  FirewallError,
  type Grant,
  type GrantOutcome,
  type LiveGrants,
  type OpenGrants,
  type RulesetEvents,
} from "./firewall.ts";
import { createHolder, type Held, type Holder } from "./handover.ts";
import { type Beside, grantsBeside } from "./path/beside.ts";
import { examinePath } from "./path/examine.ts";
import { isSilent, type Obstruction, type PathChain } from "./path/model.ts";
import { createNews, type News } from "./news.ts";
import { createRate } from "./rate.ts";
import { createSerial } from "./serial.ts";

/** What it is made with. */
export interface StandingParts extends DecisionParts {
  /** Null where changes cannot be heard of. */
  readonly listener: RulesetListener | null;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
  /** What any of the backends needs that it may come to work with. */
  readonly needs: readonly Right[];
}

/** How long after a survey there is another one, and beside tables that go with their process: not all changes are told. */
const SURVEY_MS = 60_000, OWNED_MS = 5_000;
/** The same after something of it failed. */
const RETRY_MS = 10_000;
/** How long a grant that would stay shut waits for a survey that is due: it may be another packet filter's by now. */
const WAIT_MS = 2000;

/** The packet filter, and the sockets that it holds. Nothing on the host is changed before `prepare`. */
export class StandingFirewall implements Firewall, Disposable {
  readonly needs: readonly Right[];
  readonly events: RulesetEvents | null;
  readonly #parts: StandingParts;
  readonly #holder: Holder;
  readonly #decision: Decision;
  readonly #surveys = createRate();
  readonly #judging = createRate();
  readonly #pause = createPause();
  readonly #news: News;
  /** Between a backend and the next nothing is begun; what hangs keeps nobody waiting. */
  readonly #inTurn = createSerial();
  #isPrepared = false;
  #survey: Promise<void> | null = null;
  #surveyed = Promise.withResolvers<void>();

  /** `first`: opened by the decision that `parts` made. */
  constructor(parts: StandingParts, first: Held) {
    const { listener, needs, log, steady } = parts;
    this.#parts = parts;
    this.needs = needs;
    this.events = listener === null ? null : { fd: listener.fd, drain: () => this.#news.takeConcern() };
    this.#holder = createHolder(first, log);
    this.#news = createNews({ ...parts, holder: this.#holder, surveys: this.#surveys, judging: this.#judging });
    this.#decision = createDecision(parts, this.#holder);
    this.#surveys.ask(steady() + SURVEY_MS);
  }

  get #backend(): OpenedBackend {
    return this.#holder.held.backend;
  }
  get name(): string {
    return this.#backend.name;
  }
  get kernelTimed(): boolean {
    return this.#backend.kernelTimed;
  }
  get closesAtExit(): boolean {
    return this.#backend.closesAtExit;
  }

  async examine(udpPort: number | null): Promise<readonly string[]> {
    await this.#inTurn(() => this.#backend.check());
    // Known from now on, so that a survey does not say it again.
    return [
      ...examinePath(this.#parts.path, udpPort, (chain) => this.enters(chain)),
      ...this.#decision.tellElsewhere(() => {}),
    ];
  }

  prepare(): Promise<readonly Grant[]> {
    return this.#inTurn(async () => {
      const inherited = await this.#backend.prepare();
      this.#isPrepared = true;
      await this.#seeOwn();
      // Of those that an earlier run left nothing was said yet.
      if (inherited.length > 0) this.#judging.ask(this.#parts.steady());
      return inherited;
    });
  }

  async grant(batch: readonly Grant[], live: LiveGrants, now: number): Promise<readonly GrantOutcome[]> {
    const { path, steady } = this.#parts, began = steady();
    const first = await this.#attempt(batch, live, now);
    // Opened, and nothing keeps it shut.
    if (first.every((outcome) => outcome.ok && outcome.shutBy.length === 0)) return first;
    if (path.chains.some(isSilent)) this.#surveys.ask(began);
    if (!this.#isSurveyNear()) return first;
    await waitAtMost(this.#surveyed.promise, WAIT_MS);
    const second = await this.#attempt(batch, live, now + Math.floor((steady() - began) / 1000));
    return second.map((outcome, index) => {
      const before = first[index];
      return outcome.ok && before?.ok ? { ...outcome, alreadyOpen: before.alreadyOpen } : outcome;
    });
  }

  /** Opens, hears what others did before that, puts back what they took away, and judges. */
  #attempt(batch: readonly Grant[], live: LiveGrants, now: number): Promise<readonly GrantOutcome[]> {
    return this.#inTurn(async () => {
      const outcomes = await this.#holder.grant(batch, live, now);
      const opened = batch.filter((_, index) => outcomes[index]?.ok);
      try {
        if (this.#news.takeDoubt() && await this.#repair([...live, ...opened], now)) {
          this.#parts.log("warning", formatPutBack(this.name));
        }
      } catch (error) {
        if (!(error instanceof FirewallError)) throw error;
        await this.#holder.takeBack(opened, live);
        return batch.map(() => ({ ok: false, reason: error.message }));
      }
      const beside = grantsBeside(live, opened);
      return batch.map(({ access }, index): GrantOutcome => {
        const outcome = outcomes[index] ?? { ok: false, reason: "no answer" };
        return outcome.ok ? { ...outcome, shutBy: this.judge(access, beside) } : outcome;
      });
    });
  }

  rehearse(batch: readonly Grant[], now: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#backend.rehearse?.(batch, now);
      this.#news.hear();
    });
  }

  #isSurveyNear(): boolean {
    const { dueAt } = this.#surveys;
    return this.#survey !== null || (dueAt !== null && dueAt <= this.#parts.steady() + WAIT_MS);
  }

  revoke(batch: readonly Grant[]): Promise<void> {
    return this.#inTurn(() => this.#backend.revoke(batch));
  }

  list(): Promise<readonly Grant[]> {
    return this.#inTurn(() => this.#backend.list());
  }

  repair(live: LiveGrants, now: number): Promise<boolean> {
    return this.#inTurn(() => this.#repair(live, now));
  }

  async #repair(live: LiveGrants, now: number): Promise<boolean> {
    const { steady } = this.#parts;
    const found = await this.#backend.repair(live, now).catch((error) => {
      // Somebody has to look again, and no event will say so.
      this.#news.doubt();
      this.#surveys.ask(steady() + RETRY_MS);
      throw error;
    });
    if (found === "gone") this.#surveys.ask(steady());
    if (found === "restored") await this.#seeOwn();
    return found === "restored";
  }

  /** Lets the path know of our own jumps before anything is judged. Legacy iptables tells of no change. */
  async #seeOwn(): Promise<void> {
    this.#news.hear();
    if (this.#backend.owner === "iptables-legacy") await this.#parts.path.survey();
  }

  get surveyDueAt(): number | null {
    return this.#surveys.dueAt;
  }

  survey(open: OpenGrants): Promise<void> {
    return this.#survey ??= this.#look(open).finally(() => {
      this.#survey = null;
      const { resolve } = this.#surveyed;
      this.#surveyed = Promise.withResolvers();
      resolve();
    });
  }

  async #look(open: OpenGrants): Promise<void> {
    const { path, steady } = this.#parts;
    let next = RETRY_MS;
    this.#surveys.begin(steady());
    try {
      await path.survey().finally(() => this.#surveys.end(steady()));
      if (await this.#inTurn(() => this.#follow(open))) {
        next = path.chains.some(({ locked }) => locked) ? OWNED_MS : SURVEY_MS;
      }
      this.#decision.tellElsewhere(this.#parts.log);
    } finally {
      this.#surveys.ask(steady() + next);
      this.#judging.ask(steady());
    }
    await this.#holder.retire();
  }

  async #follow(open: OpenGrants): Promise<boolean> {
    const isDone = await this.#decision.follow(open);
    await this.#seeOwn();
    // What was heard here wakes nobody any more. Where nothing is heard nobody else looks, unless grants are listed.
    const isDeaf = this.events === null && this.kernelTimed;
    if (this.#news.takeConcern() || isDeaf) await this.#repair(open.live(), open.now());
    return isDone;
  }

  enters(chain: PathChain): boolean {
    return this.#backend.enters(chain);
  }

  get judgingDueAt(): number | null {
    const { dueAt } = this.#surveys;
    // What a survey finds may be mended by it.
    return this.#survey !== null || (dueAt !== null && dueAt <= this.#parts.steady()) ? null : this.#judging.dueAt;
  }

  async judgeAll(live: readonly Grant[]): Promise<readonly (readonly Obstruction[])[]> {
    const { steady } = this.#parts;
    const judged: (readonly Obstruction[])[] = [];
    this.#judging.begin(steady());
    this.#parts.path.judgeAnew();
    const beside = grantsBeside(live);
    try {
      for (const { access } of live) {
        judged.push(this.judge(access, beside));
        await this.#pause();
      }
      return judged;
    } finally {
      this.#judging.end(steady());
    }
  }

  judge(access: Access, beside: Beside = () => []): readonly Obstruction[] {
    if (access.slot === "foreign") return [];
    return this.#parts.path.judge(access, (chain) => !this.#isPrepared && this.enters(chain), beside);
  }

  containerOf(access: Access): string {
    return this.#backend.containerOf(access);
  }

  numberOf(access: Access): number | null {
    return this.#backend.numberOf(access);
  }

  commandOf(grant: Grant, verb: "add" | "delete"): string {
    return this.#backend.commandOf(grant, verb);
  }

  async describe(all: boolean): Promise<string> {
    const text = await this.#inTurn(() => this.#backend.describe(all));
    if (all) return text;
    const open = await this.list();
    const beside = grantsBeside(open);
    const shut = open.flatMap(({ access }) => {
      // What is listed stands where it stands, whether or not this process would open it there.
      const shutBy = this.#parts.path.judge(access, () => false, beside);
      return shutBy.length === 0 ? [] : [formatShut(access, this.containerOf(access), shutBy)];
    });
    return [text.trimEnd(), ...shut, ""].join("\n");
  }

  cleanup(): Promise<void> {
    return this.#inTurn(() => this.#backend.cleanup());
  }

  [Symbol.dispose](): void {
    this.#holder[Symbol.dispose]();
    this.#parts.path[Symbol.dispose]();
    this.#parts.listener?.[Symbol.dispose]();
  }
}
