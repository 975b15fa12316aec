import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '@clientela/testing';
import { expect, onTestFinished, test } from 'vitest';
import { readSettings } from '../launcher/settings.ts';
import { backUp } from './backup.ts';

// A backup of a running installation: backup.large.test.ts.

test('a target that cannot be a folder is named', async () => {
  const folder = dataFolder('backup-');
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'secrets'));
  const settings = await readSettings({});
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const backingUp = (target: string, textfile?: string) =>
    backUp({ folder, settings, target, ...(textfile !== undefined && { textfile }) });
  await expect(backingUp(file)).rejects.toThrow(`The folder ${file} cannot be made: a file has this name.`);
  await expect(backingUp(join(file, 'below'))).rejects.toThrow('cannot be made: a part of the path is a file.');
  const nowhere = join(folder, 'nowhere');
  await expect(backingUp(join(folder, 'backups'), join(nowhere, 'x.prom'))).rejects.toThrow(`no folder ${nowhere}.`);
});
