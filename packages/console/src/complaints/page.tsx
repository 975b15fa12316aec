import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { I18nProvider } from 'react-aria-components';
import { useCan } from '../api/session.ts';
import { currentLanguage } from '../messages/index.ts';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { Page } from '../ui/page.tsx';
import styles from './board.module.css';
import { Column } from './column.tsx';
import { Filters } from './filters.tsx';
import { columnQuery, sortIntoColumns, statuses, type Status } from './queries.ts';
import type { ComplaintsSearch } from './search.ts';
import { useMoves } from './use-moves.ts';

const route = getRouteApi('/frame/complaints');

/** The complaints of all customers, a column for each status. */
export function ComplaintsPage() {
  const { t } = useTranslation();
  const can = useCan();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const lists = {
    open: useInfiniteQuery(columnQuery('open', search)),
    in_progress: useInfiniteQuery(columnQuery('in_progress', search)),
    resolved: useInfiniteQuery(columnQuery('resolved', search)),
    closed: useInfiniteQuery(columnQuery('closed', search)),
  };
  const moves = useMoves(search);
  const all = statuses.flatMap((status) => lists[status].data?.pages.flatMap(({ complaints }) => complaints) ?? []);
  const columns = sortIntoColumns(all, moves.moving);
  const each = Object.values(lists);
  const isNothingRead = each.every(({ data }) => data === undefined);
  const isEmpty = all.length === 0 && each.every(({ data }) => data !== undefined);
  const isFiltered = Object.values(search).some((value) => value !== undefined);
  const mayMove = can('interactions:update');
  const filter = (change: ComplaintsSearch) =>
    void navigate({ search: (rest) => ({ ...rest, ...change }), replace: true });
  const drop = (id: string, to: Status) => {
    const complaint = all.find((one) => one.id === id);
    if (complaint) moves.move(complaint, to);
  };
  const content = () => {
    if (isNothingRead && each.every(({ error }) => error !== null))
      return <Failure error={lists.open.error} onRetry={() => each.forEach(({ refetch }) => void refetch())} />;
    if (isEmpty)
      return (
        <Empty
          actions={
            isFiltered ? (
              <Button onPress={() => void navigate({ search: {}, replace: true })}>{t('complaints.reset')}</Button>
            ) : (
              <Link to="/customers">{t('frame.customers')}</Link>
            )
          }
        >
          {t(isFiltered ? 'complaints.noneFound' : 'complaints.none')}
        </Empty>
      );
    return (
      <div className={styles.board}>
        {statuses.map((status) => (
          <Column
            key={status}
            status={status}
            complaints={columns[status]}
            isPending={lists[status].isPending || isNothingRead}
            list={lists[status]}
            moves={moves}
            mayMove={mayMove}
            onDrop={(id) => drop(id, status)}
          />
        ))}
      </div>
    );
  };
  return (
    // React Aria says in this language what a key does while a card is dragged.
    <I18nProvider locale={currentLanguage()}>
      <Page title={t('customer.complaints')} isFull>
        <Filters search={search} onChange={filter} />
        {content()}
      </Page>
    </I18nProvider>
  );
}
