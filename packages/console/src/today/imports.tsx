import type { Import } from '@clientela/client';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { hasEnded } from '../imports/queries.ts';
import { Status } from '../imports/status.tsx';
import { formatInstant, formatNumber } from '../ui/format.ts';
import { Pill } from '../ui/pill.tsx';
import styles from './overview.module.css';

/** How far each running import is, and which has rows that failed. */
export const Imports = ({ imports }: { imports: readonly Import[] }) => (
  <ul className={styles.list}>
    {imports.map((each) => (
      <ImportLine key={each.id} of={each} />
    ))}
  </ul>
);

function ImportLine({ of }: { of: Import }) {
  const { t } = useTranslation();
  const { id, dry_run, created_at, percent, failed } = of;
  const title = `${t(dry_run ? 'imports.dryRun' : 'imports.real')}, ${formatInstant(created_at)}`;
  return (
    <li>
      <Link to="/import/$importId" params={{ importId: id }} className={styles.text}>
        {title}
      </Link>
      <span className={styles.end}>
        {!hasEnded(of) && <progress className={styles.progress} max={100} value={percent} aria-label={title} />}
        {hasEnded(of) && failed > 0 ? (
          <Pill tone="red">{t('today.failedRows', { count: failed, number: formatNumber(failed) })}</Pill>
        ) : (
          <Status of={of} />
        )}
      </span>
    </li>
  );
}
