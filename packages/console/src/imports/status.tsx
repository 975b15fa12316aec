import type { Import } from '@clientela/client';
import { useTranslation } from 'react-i18next';
import { Pill, type Tone } from '../ui/pill.tsx';

const tones: Readonly<Record<string, Tone>> = { running: 'blue', done: 'green', cancelled: 'amber', failed: 'red' };

/** How far an import is. */
export function Status({ of: { status } }: { of: Pick<Import, 'status'> }) {
  const { t } = useTranslation();
  return (
    <Pill tone={tones[status] ?? 'neutral'} dot>
      {t(`imports.statuses.${status}` as 'imports.statuses.done', { defaultValue: status })}
    </Pill>
  );
}
