import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';

/** Invalid settings. The message lists every problem as `NAME: what is wrong`, one per line, and never a value. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError';

  constructor(problems: readonly string[]) {
    super(`Invalid settings:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/**
 * Merges the `.env` file with the environment, which takes precedence.
 * @param dotenv path of the `.env` file, which may be absent
 */
export function environment(dotenv: string, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return existsSync(dotenv) ? { ...parseEnv(readFileSync(dotenv, 'utf8')), ...env } : env;
}

/**
 * Reads mounted secrets: `X_FILE` names a file that holds the value of `X`. Giving both is a problem.
 * @param problems receives one line for each problem
 */
export function readSecretFiles(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
  problems: string[],
): NodeJS.ProcessEnv {
  const values = { ...env };
  for (const name of names) {
    const file = env[`${name}_FILE`];
    if (!file) continue;
    if (env[name]) {
      problems.push(`${name}: set either ${name} or ${name}_FILE, not both`);
      continue;
    }
    try {
      values[name] = readFileSync(file, 'utf8').trim();
    } catch {
      problems.push(`${name}_FILE: the file cannot be read`);
    }
  }
  return values;
}

/**
 * Reads the settings of a process. Empty values count as absent.
 * @throws EnvironmentError listing every invalid setting
 */
export function readEnvironment<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv = process.env): z.infer<S> {
  const problems: string[] = [];
  const names = Object.keys(schema.shape);
  const values = readSecretFiles(env, names, problems);
  const present = Object.fromEntries(names.filter((name) => values[name]).map((name) => [name, values[name]]));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = issue.path.join('.');
      if (problems.some((problem) => problem.startsWith(name))) continue;
      problems.push(name in present ? `${name}: ${issue.message}` : `${name}: is missing`);
    }
  }
  if (problems.length > 0) throw new EnvironmentError(problems);
  return parsed.data as z.infer<S>;
}
