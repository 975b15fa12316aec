import type { Product } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import { useShortcuts } from '../frame/shortcuts.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatNumber } from '../ui/format.ts';
import { Money } from '../ui/money.tsx';
import { Page } from '../ui/page.tsx';
import { Pager } from '../ui/pager.tsx';
import { Pill } from '../ui/pill.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { Select } from '../ui/select.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Titled, type Column } from '../ui/table.tsx';
import { Time } from '../ui/time.tsx';
import { visible } from '../ui/visible.tsx';
import { NewProduct } from './new-product.tsx';
import { productsQuery } from './queries.ts';
import { sorts, types, type ProductsSearch } from './search.ts';

const route = getRouteApi('/frame/products');

/** What the company sells. */
export function ProductsPage() {
  const { t } = useTranslation();
  const can = useCan();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [isNew, setNew] = useState(false);
  const { page = 1, search: text, type, state, sort = 'name' } = search;
  const { data, error, refetch, isPlaceholderData } = useQuery(
    productsQuery({
      page,
      sort,
      ...(text !== undefined && { search: text }),
      ...(type !== undefined && { type }),
      active_only: state !== 'all',
    }),
  );
  const filter = (change: ProductsSearch) =>
    void navigate({ search: (rest) => ({ ...rest, page: undefined, ...change }), replace: true });
  const mayCreate = can('products:create');
  const create = () => setNew(true);
  useShortcuts(mayCreate ? { c: create } : {});
  const columns = useColumns();
  const isFiltered = text !== undefined || type !== undefined;
  return (
    <Page
      title={t('products.title')}
      count={data && formatNumber(data.total)}
      actions={
        mayCreate && (
          <Button look="primary" onPress={create} aria-keyshortcuts="c">
            <Plus size={16} strokeWidth={1.75} aria-hidden />
            {t('products.new')}
          </Button>
        )
      }
    >
      <div className={styles.filters}>
        <SearchField
          label={t('products.search')}
          value={text ?? ''}
          onSearch={(found) => filter({ search: found || undefined })}
        />
        <Select
          label={t('products.type')}
          isLabelHidden
          value={type ?? 'all'}
          onChange={(value) => filter({ type: value === 'all' ? undefined : value })}
          options={[
            { value: 'all', text: t('products.types.all') },
            ...types.map((value) => ({ value, text: t(`products.types.${value}`) })),
          ]}
        />
        <Select
          label={t('products.state')}
          isLabelHidden
          value={state ?? 'active'}
          onChange={(value) => filter({ state: value === 'all' ? 'all' : undefined })}
          options={[
            { value: 'active', text: t('products.states.activeOnly') },
            { value: 'all', text: t('products.states.all') },
          ]}
        />
        <Select
          label={t('products.sort')}
          isLabelHidden
          value={sort}
          onChange={(value) => filter({ sort: value === 'name' ? undefined : value })}
          options={sorts.map((value) => ({ value, text: t(`products.sorts.${value}`) }))}
        />
      </div>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={8} height={20} />}
      {data && data.products.length > 0 && (
        <Table
          label={t('products.title')}
          columns={columns}
          rows={data.products}
          keyOf={({ id }) => id}
          isStale={isPlaceholderData}
        />
      )}
      {data?.products.length === 0 && (
        <Empty actions={!isFiltered && mayCreate && <Button onPress={create}>{t('products.new')}</Button>}>
          {isFiltered ? t('products.noneFound') : t('products.none')}
        </Empty>
      )}
      {data && (
        <Pager
          page={page}
          pages={data.pages}
          onPage={(next) => void navigate({ search: (rest) => ({ ...rest, page: next > 1 ? next : undefined }) })}
        />
      )}
      {isNew && <NewProduct onClose={() => setNew(false)} />}
    </Page>
  );
}

function useColumns(): Column<Product>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      title: t('products.name'),
      renderCell: ({ id, name, sku, number }) => (
        <Titled note={<bdi>{visible(sku ?? `№ ${number}`)}</bdi>}>
          <Link to="/products/$productId" params={{ productId: id }} dir="auto">
            {visible(name)}
          </Link>
        </Titled>
      ),
    },
    {
      key: 'type',
      title: t('products.type'),
      renderCell: ({ type }) => t(`products.types.${type}` as 'products.types.product', { defaultValue: type }),
    },
    {
      key: 'state',
      title: t('products.state'),
      renderCell: ({ is_active }) => (
        <Pill tone={is_active ? 'green' : 'neutral'} dot>
          {t(is_active ? 'products.states.active' : 'products.states.inactive')}
        </Pill>
      ),
    },
    {
      key: 'price',
      title: t('products.price'),
      align: 'end',
      renderCell: ({ price, currency }) => <Money amount={price} currency={currency} />,
    },
    {
      key: 'updated',
      title: t('lists.updated'),
      align: 'end',
      renderCell: ({ updated_at }) => <Time at={updated_at} />,
    },
  ];
}
