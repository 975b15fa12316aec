/** The part of an import that a terminal shows. */
export type ImportState = {
  id: string;
  status: 'queued' | 'running' | 'done' | 'cancelled' | 'failed';
  read: number;
  created: number;
  updated: number;
  skipped: number;
  failed: number;
  warnings: number;
  percent: number;
  eta: string | null;
  error: string | null;
  left_behind: string[];
  dry_run: boolean;
  source_counts?: Record<string, number>;
};

const barWidth = 24;

/** Describes a duration: `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** @param rate rows per second */
export function progressLine({ status, percent, read, eta }: ImportState, rate: number, now: number): string {
  if (status === 'queued') return 'queued';
  const filled = Math.round((percent * barWidth) / 100);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
  const left = eta === null ? '' : ` · ${formatDuration((Date.parse(eta) - now) / 1000)} left`;
  return `${bar} ${String(percent).padStart(3)} % · ${read} rows · ${Math.round(rate)} rows/s${left}`;
}

/** Replaces what a terminal would obey: names of columns and reasons come from a file that may be hostile. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');

/** @param errorsFile where the problems are, when there are any */
export function summaryOf(state: ImportState, seconds: number, errorsFile: string | undefined): string {
  const { id, status, error, left_behind, source_counts = {} } = state;
  const counts = ['read', 'created', 'updated', 'skipped', 'failed', 'warnings'] as const;
  const outcome = {
    done: 'is done',
    cancelled: 'was cancelled',
    failed: 'has failed',
    queued: 'waits',
    running: 'runs',
  };
  return [
    `Import ${id} ${outcome[status]} after ${formatDuration(seconds)}${state.dry_run ? ' (dry run: nothing was changed)' : ''}`,
    ...(error === null ? [] : [`  ${printable(error)}`]),
    `  ${counts.map((name) => `${name} ${state[name]}`).join(' · ')}`,
    ...Object.entries(source_counts).map(([name, count]) => `  ${name.replaceAll('_', ' ')}: ${count}`),
    ...(left_behind.length > 0 ? [`  columns left behind: ${left_behind.map(printable).join(', ')}`] : []),
    ...(errorsFile === undefined ? [] : [`  problems by row and column: ${errorsFile}`]),
  ].join('\n');
}

/** The exit code of an outcome: 0 all rows, 2 some rows failed, 3 the import failed, 4 it was cancelled. */
export function exitCodeOf({ status, failed }: ImportState): number {
  if (status === 'failed') return 3;
  if (status === 'cancelled') return 4;
  return failed > 0 ? 2 : 0;
}
