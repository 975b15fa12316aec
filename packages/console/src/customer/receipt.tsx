import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { saveFile } from '../customers/csv.ts';
import bar from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatNumber } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Titled } from '../ui/table.tsx';
import { receiptQuery } from './erasure-queries.ts';

type Entry = { table: string; rows: number; columns: string[]; why?: string };

/** The receipt of an erasure: whether its signature is genuine, and what was erased, anonymised and kept. */
export function Receipt({ requestId }: { requestId: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(receiptQuery(requestId));
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={4} />;
  const { verdict, receipt, jws } = data;
  // Of a genuine one only what was signed is shown.
  const shown = verdict.result === 'valid' ? verdict.receipt : receipt;
  const save = () =>
    saveFile(
      `erasure-receipt-${requestId}.json`,
      new Blob([JSON.stringify({ receipt, jws }, undefined, 2)], { type: 'application/json' }),
    );
  const rows = shown.services.flatMap(({ service, ...kinds }) =>
    (['erased', 'anonymised', 'kept'] as const).flatMap((kind) =>
      (kinds[kind] as Entry[]).map((entry) => ({ service, kind, entry })),
    ),
  );
  return (
    <section className={bar.section} aria-label={t('customer.receipt.title')}>
      <h2>{t('customer.receipt.title')}</h2>
      {verdict.result === 'valid' && (
        <Notice kind="success">{t('customer.receipt.valid', { kid: verdict.kid })}</Notice>
      )}
      {verdict.result === 'invalid' && <Notice kind="error">{t('customer.receipt.invalid')}</Notice>}
      {verdict.result === 'cannot' && <Notice kind="warning">{t('customer.receipt.cannot')}</Notice>}
      <div>
        <Button onPress={save}>
          <Download size={16} strokeWidth={1.5} aria-hidden />
          {t('customer.receipt.download')}
        </Button>
      </div>
      <Table
        label={t('customer.receipt.title')}
        rows={rows}
        keyOf={({ service, kind, entry }) => `${service} ${kind} ${entry.table}`}
        columns={[
          {
            key: 'table',
            title: t('customer.receipt.what'),
            renderCell: ({ entry }) => <Titled note={entry.columns.join(', ')}>{entry.table}</Titled>,
          },
          {
            key: 'service',
            title: t('customer.receipt.service'),
            renderCell: ({ service }) =>
              t(`frame.service.${service}` as 'frame.service.auth', { defaultValue: service }),
          },
          { key: 'kind', title: t('customer.form.status'), renderCell: ({ kind }) => t(`customer.receipt.${kind}`) },
          {
            key: 'rows',
            title: t('customer.receipt.rows'),
            align: 'end',
            renderCell: ({ entry }) => formatNumber(entry.rows),
          },
          { key: 'why', title: t('customer.receipt.why'), renderCell: ({ entry }) => entry.why ?? '–' },
        ]}
      />
    </section>
  );
}
