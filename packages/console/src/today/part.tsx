import type { UseQueryResult } from '@tanstack/react-query';
import { useId, type ReactNode } from 'react';
import { Failure } from '../ui/failure.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import styles from './overview.module.css';

type PartProps<T> = {
  title: string;
  /** Has null while there is nothing to look at. */
  query: UseQueryResult<T | null>;
  children: (shown: T) => ReactNode;
};

/** A part of the screen, with a request of its own: absent while there is nothing in it, or the role may not read it. */
export function Part<T>({ title, query: { isEnabled, data, error, refetch }, children }: PartProps<T>) {
  const id = useId();
  if (!isEnabled || (!error && data === null)) return null;
  return (
    <section className={styles.part} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && data === undefined && <Skeleton lines={2} height={20} />}
      {data != null && children(data)}
    </section>
  );
}
