/** The next move for what the tables refuse: values and options as people write them. Loaded only when there is a problem. */
import { elsewhere } from "../../lib/settings/elsewhere.ts";
import type { Problem, ProblemSubject } from "../../lib/settings/setting.ts";
import type { ClientKey } from "../options/table.ts";
import { meantOption } from "./options.ts";
import { withDirective } from "./directives.ts";
import { VALUE_REMEDIES } from "./values.ts";

/** The problem with a remedy, where one is known. */
export function withRemedy(problem: Problem): Problem {
  const { about } = problem;
  if (about === undefined) return problem;
  if (about.key === undefined && problem.origin.file !== undefined) return withDirective(problem, about.name);
  const hint = about.key === undefined
    ? unclearOption(about, problem.hint)
    : VALUE_REMEDIES[about.key as ClientKey]?.({ text: about.text ?? "", name: about.name, length: about.length });
  return hint === undefined ? problem : { ...problem, hint };
}

/** A name that nobody has may be another program's, or another word for the same thing. */
function unclearOption({ name, hinted }: ProblemSubject, hint: string | undefined): string | undefined {
  const guessed = hinted === "guess" && name !== "-q" ? hint : undefined;
  const choices = hinted === "choices" ? hint : undefined;
  const meant = guessed === undefined ? meantOption(name) : undefined;
  const told = [guessed, choices, elsewhere(name, "fwknop"), meant].filter((text) => text !== undefined);
  return told.length === 0 ? undefined : told.join("; ").replaceAll("?; ", "? ");
}
