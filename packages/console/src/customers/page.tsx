import { getRouteApi } from '@tanstack/react-router';
import { Columns3, Download, Plus } from 'lucide-react';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, useCan } from '../api/session.ts';
import { useShortcuts } from '../frame/shortcuts.ts';
import { Button } from '../ui/button.tsx';
import { describeError } from '../ui/failure.tsx';
import { formatNumber } from '../ui/format.ts';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { Page } from '../ui/page.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { toast } from '../ui/toast.tsx';
import styles from '../ui/toolbar.module.css';
import { rememberList } from './came-from.ts';
import { customerColumns, defaultColumns } from './columns.tsx';
import { saveFile } from './csv.ts';
import { FilterBar } from './filter-bar.tsx';
import { customersSearch, formatSort, toQuery, type CustomersSearch } from './search-params.ts';
import { SelectionBar } from './selection-bar.tsx';
import { CustomersTable } from './table.tsx';
import { useTotal } from './use-rows.ts';

const NewCustomer = lazy(() =>
  import('../customer/new-customer.tsx').then((module) => ({ default: module.NewCustomer })),
);
const route = getRouteApi('/frame/customers');
const stored = 'clientela.customers.columns';

function readColumns(): string[] {
  const text = localStorage.getItem(stored);
  return text === null ? defaultColumns : text.split(',');
}

/** The table of customers. Its search, filters and order are in the address. */
export function CustomersPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const can = useCan();
  const [shown, setShown] = useState(readColumns);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isNew, setNew] = useState(false);
  const mayCreate = can('customers:create');
  const create = () => setNew(true);
  useShortcuts(mayCreate ? { c: create } : {});
  const total = useTotal(search);

  useEffect(() => rememberList(search), [search]);

  const change = (next: Partial<CustomersSearch>) => {
    setSelected(new Set());
    void navigate({ search: customersSearch({ ...search, ...next }), replace: true });
  };
  const all = useMemo(() => customerColumns(t), [t]);
  const columns = useMemo(() => all.filter(({ id }, index) => index === 0 || shown.includes(id)), [all, shown]);
  const chooseColumns = (ids: string[]) => {
    localStorage.setItem(stored, ids.join(','));
    setShown(ids);
  };
  const countText =
    total &&
    t(total.isEstimate ? 'customers.about' : 'customers.count', {
      count: total.count,
      number: formatNumber(total.count),
    });
  const exportAll = async () => {
    try {
      const stream = await api.customers.exportCsv(toQuery(search), { timeout: 600_000 });
      saveFile('customers.csv', await new Response(stream).blob());
    } catch (error) {
      toast(describeError(error, t));
    }
  };

  return (
    <Page
      title={t('customers.title')}
      count={countText}
      isFull
      actions={
        <>
          {can('customers:export') && (
            <Button onPress={() => void exportAll()}>
              <Download size={16} strokeWidth={1.5} aria-hidden />
              {t('customers.export')}
            </Button>
          )}
          {mayCreate && (
            <Button look="primary" onPress={create} aria-keyshortcuts="c">
              <Plus size={16} strokeWidth={1.75} aria-hidden />
              {t('customer.new.title')}
            </Button>
          )}
        </>
      }
    >
      <div className={styles.bar}>
        <SearchField
          label={t('customers.search')}
          value={search.q ?? ''}
          onSearch={(q) => change({ q: q || undefined })}
        />
        <FilterBar search={search} onChange={change} />
        <span className={styles.space} />
        <Menu
          placement="bottom end"
          selectionMode="multiple"
          selectedKeys={shown}
          onSelectionChange={(keys) => chooseColumns([...(keys as Set<string>)])}
          trigger={
            <Button look="quiet">
              <Columns3 size={16} strokeWidth={1.5} aria-hidden />
              {t('customers.columns')}
            </Button>
          }
        >
          {all.slice(1).map(({ id, title }) => (
            <MenuItem key={id} id={id}>
              {title}
            </MenuItem>
          ))}
        </Menu>
      </div>
      <CustomersTable
        search={search}
        columns={columns}
        total={total && !total.isEstimate ? total.count : -1}
        onSort={(keys) => change({ sort: formatSort(keys) })}
        selected={selected}
        onSelect={setSelected}
        onCreate={mayCreate ? create : undefined}
      />
      {isNew && (
        <Suspense>
          <NewCustomer onClose={() => setNew(false)} />
        </Suspense>
      )}
      {selected.size > 0 && <SelectionBar ids={selected} onClear={() => setSelected(new Set())} />}
    </Page>
  );
}
