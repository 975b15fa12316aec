/**
 * Finds what a process said last before it ended: its invalid settings or the message of its error, else how it ended.
 * @param stderr the end of its standard error
 * @returns one line of at most 300 characters
 */
export function lastError(stderr: string, code: number | null, signal: NodeJS.Signals | null): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !/^(?: +at |Node\.js v)/.test(line));
  const settings = lines.lastIndexOf('Invalid settings:');
  const found =
    settings === -1
      ? (lines.findLast((line) => /^(?:Uncaught )?\w*(?:Error|Exception)\b/.test(line)) ?? lines.at(-1))
      : `invalid settings: ${lines
          .slice(settings + 1)
          .map((line) => line.trim())
          .join('; ')}`;
  return (found ?? (signal ? `killed by ${signal}` : `exit code ${code}`)).trim().slice(0, 300);
}
