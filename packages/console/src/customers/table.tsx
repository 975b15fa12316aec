import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { DataGrid } from '../ui/data-grid.tsx';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import type { SortKey } from '../ui/grid-header.tsx';
import type { Column } from '../ui/grid-row.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { customerName, type Customer } from './queries.ts';
import { parseSort, type CustomersSearch } from './search-params.ts';
import { useRows } from './use-rows.ts';

const route = getRouteApi('/frame/customers');

type CustomersTableProps = {
  search: CustomersSearch;
  columns: readonly Column<Customer>[];
  /** How many there are in all; -1 while nobody knows. */
  total: number;
  onSort: (sort: SortKey[]) => void;
  selected: ReadonlySet<string>;
  onSelect: (selected: Set<string>) => void;
  onCreate: (() => void) | undefined;
};

/** The customers of a search, or what stands in their place while there are none. As it scrolls it is drawn again without the page around it. */
export function CustomersTable({ search, columns, total, onSort, selected, onSelect, onCreate }: CustomersTableProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const navigate = route.useNavigate();
  const { ids, rowAt, show, isPending, isStale, error, retry } = useRows(search);
  const isFiltered = Object.keys(search).some((name) => name !== 'sort');
  const pageOf = ({ id }: Customer) => ({ to: '/customers/$customerId', params: { customerId: id } }) as const;

  const failure = error !== null && <Failure error={error} onRetry={retry} />;
  if (failure && ids.length === 0) return failure;
  if (isPending) return <Skeleton lines={12} height={20} />;
  if (ids.length > 0)
    return (
      <>
        <DataGrid<Customer>
          label={t('customers.title')}
          ids={ids}
          rowAt={rowAt}
          columns={columns}
          total={total}
          nameOf={customerName}
          sort={search.q === undefined || search.sort !== undefined ? parseSort(search.sort) : []}
          onSort={onSort}
          selected={selected}
          onSelect={onSelect}
          onOpen={(row) => void navigate(pageOf(row))}
          onApproach={(row) => void router.preloadRoute(pageOf(row))}
          onView={show}
          isStale={isStale}
        />
        {failure}
      </>
    );
  return (
    <Empty
      actions={
        isFiltered ? (
          <Button onPress={() => void navigate({ search: {}, replace: true })}>{t('customers.resetFilters')}</Button>
        ) : (
          onCreate && <Button onPress={onCreate}>{t('customer.new.title')}</Button>
        )
      }
    >
      {isFiltered ? t('customers.noneFound') : t('customers.none')}
    </Empty>
  );
}
