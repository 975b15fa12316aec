import type { ApiKey } from '@clientela/client';
import { Link } from '@tanstack/react-router';
import { Time } from '../ui/time.tsx';
import { visible } from '../ui/visible.tsx';
import styles from './overview.module.css';

/** The keys that programs will soon be refused with. */
export const ExpiringKeys = ({ keys }: { keys: readonly ApiKey[] }) => (
  <ul className={styles.list}>
    {keys.map(({ id, name, expires_at }) => (
      <li key={id}>
        <Link to="/developers/keys" className={styles.text}>
          <bdi>{visible(name)}</bdi>
        </Link>
        <span className={styles.end}>
          <Time at={expires_at} />
        </span>
      </li>
    ))}
  </ul>
);
