import type { Import } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import { attempt } from '../ui/attempt.ts';
import { Back } from '../ui/back.tsx';
import bar from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatInstant, formatNumber } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { visible } from '../ui/visible.tsx';
import styles from './imports.module.css';
import { NextStep } from './next-step.tsx';
import { Problems } from './problems.tsx';
import { cancelImport, followImport, hasEnded, importQuery } from './queries.ts';
import { Status } from './status.tsx';
import { UndoImport } from './undo.tsx';

const route = getRouteApi('/frame/import/$importId');

/** An import or a check of a file: how far it is, what came of it, and what to do next. */
export function ImportPage() {
  const { t } = useTranslation();
  const can = useCan();
  const { importId } = route.useParams();
  const { data, error, refetch } = useQuery(importQuery(importId));
  const isRunning = data !== undefined && !hasEnded(data);
  const [lost, setLost] = useState<unknown>();
  useEffect(() => {
    if (!isRunning) return undefined;
    const stop = new AbortController();
    followImport(importId, stop.signal).catch((failure: unknown) => stop.signal.aborted || setLost(failure));
    return () => stop.abort();
  }, [isRunning, importId]);
  const title = t(data?.dry_run ? 'imports.dryRun' : 'imports.real');
  return (
    <Page title={title} back={<Back to="/import">{t('imports.title')}</Back>}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {isRunning && lost !== undefined && <Failure error={lost} />}
      {!error && !data && <Skeleton lines={6} />}
      {data && <Outcome of={data} />}
      {isRunning && can('customers:import') && (
        <div className={bar.buttons}>
          <Button onPress={() => void attempt(t, () => cancelImport(importId))}>{t('imports.cancel')}</Button>
        </div>
      )}
      {data && hasEnded(data) && (
        <>
          {data.failed + data.warnings > 0 && <Problems id={importId} />}
          {data.dry_run && data.source === 'file' && can('customers:import') && <NextStep key={importId} of={data} />}
          {!data.dry_run && data.created + data.updated > 0 && can('customers:import') && (
            <UndoImport key={importId} of={data} />
          )}
        </>
      )}
    </Page>
  );
}

const counts = ['read', 'created', 'updated', 'skipped', 'failed', 'warnings'] as const;

function Outcome({ of }: { of: Import }) {
  const { t } = useTranslation();
  return (
    <section className={bar.section} aria-label={t('imports.outcome')}>
      <div className={bar.person}>
        <Status of={of} />
        <span className={bar.hint}>{formatInstant(of.created_at)}</span>
      </div>
      {!hasEnded(of) && (
        <progress className={styles.progress} max={100} value={of.percent} aria-label={t('imports.progress')} />
      )}
      {of.error !== null && <Notice kind="error">{visible(faultOf(of.error, t))}</Notice>}
      {of.dry_run && of.status === 'done' && <Notice>{t('imports.nothingStored')}</Notice>}
      <dl className={styles.counts}>
        {counts.map((key) => (
          <div key={key}>
            <dt>{t(`imports.counts.${key}`)}</dt>
            <dd>{formatNumber(of[key])}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What people can do about a file that cannot be read, in their language; the server's English for what is rarer. */
function faultOf(error: string, t: TFunction): string {
  if (/is empty|no rows/.test(error)) return t('imports.faults.empty');
  if (/binary|spreadsheet|archive/i.test(error)) return t('imports.faults.binary');
  if (error.includes('more than 1000 columns')) return t('imports.faults.columns');
  return error;
}
