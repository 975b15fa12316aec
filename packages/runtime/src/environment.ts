import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';

/** The settings are wrong: the message names every fault, one a line, and never a value. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError';
}

/**
 * Settings from `.env` at the top of the checkout and from the environment, which wins.
 * @param dotenv path of the `.env` file; a missing file is none
 */
export function environment(dotenv: string, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return existsSync(dotenv) ? { ...parseEnv(readFileSync(dotenv, 'utf8')), ...env } : env;
}

/** `X_FILE` names a file that holds the value of `X` (a mounted secret); an `X` given besides is a fault. */
export function readSecretFiles(env: NodeJS.ProcessEnv, names: readonly string[], faults: string[]): NodeJS.ProcessEnv {
  const read = { ...env };
  for (const name of names) {
    const file = env[`${name}_FILE`];
    if (!file) continue;
    if (env[name]) {
      faults.push(`${name}: give either ${name} or ${name}_FILE, not both`);
      continue;
    }
    try {
      read[name] = readFileSync(file, 'utf8').trim();
    } catch {
      faults.push(`${name}_FILE: the file cannot be read`);
    }
  }
  return read;
}

/**
 * Reads a program's settings once. Empty values count as absent.
 * @throws EnvironmentError naming every fault together
 */
export function readEnvironment<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv = process.env): z.infer<S> {
  const faults: string[] = [];
  const names = Object.keys(schema.shape);
  const values = readSecretFiles(env, names, faults);
  const present = Object.fromEntries(names.filter((name) => values[name]).map((name) => [name, values[name]]));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = issue.path.join('.');
      if (faults.some((fault) => fault.startsWith(name))) continue;
      faults.push(name in present ? `${name}: ${issue.message}` : `${name}: is missing`);
    }
  }
  if (faults.length > 0)
    throw new EnvironmentError(`The settings are not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  return parsed.data as z.infer<S>;
}
