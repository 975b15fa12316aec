import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

export type Shell = {
  /** Runs lines and returns what they wrote to standard output. */
  run: (lines: string) => Promise<string>;
  close: () => void;
};

/** Opens a shell that keeps its variables between calls, as the terminal into which a person pastes. */
export function openShell(cwd: string): Shell {
  const child: ChildProcess = spawn('sh', [], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  let notify = () => {};
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
    notify();
  });
  return {
    run: async (lines) => {
      const end = `end-${randomUUID()}`;
      output = '';
      child.stdin?.write(`${lines}\nprintf '%s\\n' ${end}\n`);
      while (!output.includes(end)) await new Promise<void>((resolve) => (notify = resolve));
      return output.slice(0, output.indexOf(end));
    },
    close: () => void child.kill(),
  };
}
