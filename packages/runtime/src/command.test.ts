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

const readLine = (...args: string[]) => {
  const script = `
    import { readCommandLine } from ${JSON.stringify(join(import.meta.dirname, 'command.ts'))};
    const { values, positionals } = readCommandLine('Usage: pack [FOLDER] [--to FILE] [--dry-run]', {
      options: { to: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } },
      positionals: [0, 1],
    });
    process.stdout.write(JSON.stringify({ ...values, positionals }));
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script, '--', 'pack', ...args], {
    encoding: 'utf8',
  });
  return [child.status, child.stdout, child.stderr];
};
const usage = 'Usage: pack [FOLDER] [--to FILE] [--dry-run]\n';

test('a command line is what the usage says, or its fault is named with the usage', () => {
  const parsed = { to: 'x', 'dry-run': true, positionals: ['out'] };
  expect(readLine('out', '--to', 'x', '--dry-run')).toEqual([0, JSON.stringify(parsed), '']);
  expect(readLine('--help')).toEqual([0, usage, '']);
  expect(readLine('--wat', 'x')).toEqual([1, '', `Unknown option: --wat\n\n${usage}`]);
  expect(readLine('-d')).toEqual([1, '', `Unknown option: -d\n\n${usage}`]);
  expect(readLine('--to')).toEqual([1, '', `The option --to needs a value.\n\n${usage}`]);
  expect(readLine('--to', '--dry-run')).toEqual([1, '', `The option --to needs a value.\n\n${usage}`]);
  expect(readLine('--dry-run=yes')).toEqual([1, '', `The option --dry-run takes no value.\n\n${usage}`]);
  expect(readLine('a', 'b')).toEqual([1, '', `Too many arguments.\n\n${usage}`]);
});
