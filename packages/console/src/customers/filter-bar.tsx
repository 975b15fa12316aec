import type { TFunction } from 'i18next';
import { ListFilter, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { formatDay } from '../ui/format.ts';
import { Menu, MenuItem } from '../ui/menu.tsx';
import styles from '../ui/toolbar.module.css';
import { visible } from '../ui/visible.tsx';
import { statusText, typeText } from './columns.tsx';
import { FilterDialog } from './filter-dialog.tsx';
import type { CustomersSearch, FilterName, Filters } from './search-params.ts';

const names: readonly FilterName[] = [
  'status',
  'type',
  'tag',
  'created_from',
  'created_to',
  'last_order_from',
  'last_order_to',
  'min_lifetime_value',
  'all',
];

/** Writes a filter as a sentence: `Status is active`. */
function sentence(name: FilterName, search: CustomersSearch, t: TFunction): string {
  const value = String(search[name]);
  const shown =
    name === 'status'
      ? statusText(value, t).toLowerCase()
      : name === 'type'
        ? typeText(value, t).toLowerCase()
        : /_(?:from|to)$/.test(name)
          ? formatDay(value)
          : value;
  return t(`customers.filter.${name}`, { value: shown });
}

type FilterBarProps = { search: CustomersSearch; onChange: (filters: Partial<Filters>) => void };

/** The filters in use, each a chip that can be changed or removed, and a menu of the others. */
export function FilterBar({ search, onChange }: FilterBarProps) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<FilterName>();
  const used = names.filter((name) => search[name] !== undefined);
  const free = names.filter((name) => search[name] === undefined);
  const choose = (name: FilterName) => (name === 'all' ? onChange({ all: true }) : setEditing(name));
  return (
    <>
      {used.map((name) => (
        <span key={name} className={styles.chip}>
          {name === 'all' ? (
            <span>{sentence(name, search, t)}</span>
          ) : (
            <Button look="link" onPress={() => setEditing(name)}>
              {visible(sentence(name, search, t))}
            </Button>
          )}
          <Button
            look={['quiet', 'icon', 'small']}
            aria-label={t('customers.removeFilter', { filter: sentence(name, search, t) })}
            onPress={() => onChange({ [name]: undefined })}
          >
            <X size={14} strokeWidth={1.75} aria-hidden />
          </Button>
        </span>
      ))}
      <Menu
        trigger={
          <Button look="quiet">
            <ListFilter size={16} strokeWidth={1.5} aria-hidden />
            {t('customers.addFilter')}
          </Button>
        }
        onAction={(key) => choose(key as FilterName)}
      >
        {free.map((name) => (
          <MenuItem key={name} id={name}>
            {t(`customers.filterName.${name}`)}
          </MenuItem>
        ))}
      </Menu>
      {editing !== undefined && (
        <FilterDialog
          name={editing}
          value={search[editing] === undefined ? '' : String(search[editing])}
          onSave={(value) => {
            onChange({ [editing]: value === '' ? undefined : value });
            setEditing(undefined);
          }}
          onClose={() => setEditing(undefined)}
        />
      )}
    </>
  );
}
