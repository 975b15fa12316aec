import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const run = (body: string) => {
  const script = `
    import { runCommand } from ${JSON.stringify(join(import.meta.dirname, 'command.ts'))};
    await runCommand(${body});
    process.stdout.write('ended');
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  return { status, stdout: stdout.toString(), stderr: stderr.toString() };
};

test('a command that fails prints its message and exits with 1', () => {
  expect(run('async () => {}')).toEqual({ status: 0, stdout: 'ended', stderr: '' });
  const failing = "async () => { throw new Error('the reason') }";
  expect(run(failing)).toEqual({ status: 1, stdout: 'ended', stderr: 'the reason\n' });
  expect(run(`${failing}, (error) => 'failed: ' + error.message`)).toMatchObject({ stderr: 'failed: the reason\n' });
});
