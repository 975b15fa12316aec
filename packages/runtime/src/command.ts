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
