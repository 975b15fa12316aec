import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

/**
 * Runs a command-line program. A failure prints its message on standard error and sets exit code 1.
 * @param describe turns an error into the text to print; default its message
 */
export async function runCommand(run: () => Promise<void>, describe = messageOf): Promise<void> {
  try {
    await run();
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`);
    process.exitCode = 1;
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'The command failed for an unknown reason';

/** What a command takes: its options, and how many arguments besides them, by default none. */
type CommandLine<Options extends ParseArgsOptionsConfig> = {
  options?: Options;
  positionals?: readonly [min: number, max: number];
};

const help = { type: 'boolean' } as const;

/**
 * Reads the command line of this process. `--help` prints the usage and ends the process; so does, with exit code 1, whatever the
 * command does not take.
 * @param usage what the command is, does and takes
 */
export function readCommandLine<const Options extends ParseArgsOptionsConfig = ParseArgsOptionsConfig>(
  usage: string,
  { options, positionals: [min, max] = [0, 0] }: CommandLine<Options> = {},
) {
  const known = { ...(options as Options), help };
  const args = process.argv.slice(2);
  const problem = commandLineProblem(args, known);
  const isHelp = args.includes('--help');
  if (problem !== undefined || isHelp) end(usage, isHelp ? undefined : problem);
  const parsed = parseArgs({ args, options: known, allowPositionals: true });
  const { length } = parsed.positionals;
  if (length > max) end(usage, max === 0 ? 'It takes options only.' : 'Too many arguments.');
  if (length < min) end(usage, 'An argument is missing.');
  return parsed;
}

/** Finds what is wrong with the options, in our own words. Arguments after `--` are no options. */
function commandLineProblem(args: string[], options: ParseArgsOptionsConfig): string | undefined {
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { rawName, value } = token;
    const type = Object.hasOwn(options, token.name) && rawName.startsWith('--') ? options[token.name]?.type : undefined;
    if (type === undefined) return `Unknown option: ${rawName}`;
    if (type === 'boolean' && value !== undefined) return `The option ${rawName} takes no value.`;
    // A value that looks like an option is one whose value was forgotten, unless it was joined to the name by "=".
    if (type === 'string' && (value === undefined || (value.startsWith('-') && !token.inlineValue)))
      return `The option ${rawName} needs a value.`;
  }
  return undefined;
}

function end(usage: string, problem: string | undefined): never {
  const text = `${usage.trimEnd()}\n`;
  if (problem === undefined) process.stdout.write(text);
  else process.stderr.write(`${problem}\n\n${text}`);
  process.exit(problem === undefined ? 0 : 1);
}
