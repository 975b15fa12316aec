import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { saveFile } from '../customers/csv.ts';
import { attempt } from '../ui/attempt.ts';
import bar from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatNumber } from '../ui/format.ts';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Titled } from '../ui/table.tsx';
import { visible } from '../ui/visible.tsx';
import { groupProblems } from './problems.ts';

/** A reason of the server in the person's language; a rare one as the server says it. */
const reasonText = (reason: string, t: TFunction): string =>
  t(`imports.reasons.${reason.replaceAll(/\W+/g, '_')}` as 'imports.reasons.is_not_valid', { defaultValue: reason });

/** Why rows or values were not taken: the commonest reasons with rows to look at, and all of them as a file. */
export function Problems({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({
    queryKey: ['imports', 'problems', id],
    queryFn: async ({ signal }) => groupProblems(await api.imports.errors.get(id, { signal })),
  });
  const download = () =>
    attempt(t, async () => saveFile('errors.csv', await new Response(await api.imports.errors.get(id)).blob()));
  return (
    <section className={bar.section}>
      <h2>{t('imports.problems')}</h2>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={3} height={20} />}
      {data && (
        <Table
          label={t('imports.problems')}
          columns={[
            {
              key: 'reason',
              title: t('imports.reason'),
              renderCell: ({ reason, column }) => (
                <Titled note={column !== '' && <bdi>{visible(column)}</bdi>}>
                  <span dir="auto">{visible(reasonText(reason, t))}</span>
                </Titled>
              ),
            },
            { key: 'rows', title: t('imports.rows'), renderCell: ({ rows }) => rows.join(', ') },
            { key: 'count', title: t('imports.count'), align: 'end', renderCell: ({ count }) => formatNumber(count) },
          ]}
          rows={data.groups}
          keyOf={({ column, reason }) => JSON.stringify([column, reason])}
        />
      )}
      {data && (data.more > 0 || !data.isWhole) && <p className={bar.hint}>{t('imports.moreProblems')}</p>}
      <div>
        <Button onPress={() => void download()}>
          <Download size={16} strokeWidth={1.5} aria-hidden />
          {t('imports.download')}
        </Button>
      </div>
    </section>
  );
}
