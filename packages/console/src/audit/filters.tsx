import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import { nameOf } from '../frame/person-menu.tsx';
import { usersQuery } from '../team/queries.ts';
import styles from '../ui/bar.module.css';
import { DayRange } from '../ui/day-range.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { Select } from '../ui/select.tsx';
import type { AuditSearch } from './search.ts';

type AuditFiltersProps = { search: AuditSearch; onChange: (change: AuditSearch) => void };

/** Actor, action, resource and days. */
export function AuditFilters({ search, onChange }: AuditFiltersProps) {
  const { t } = useTranslation();
  const can = useCan();
  const { data } = useQuery({ ...usersQuery(1, {}), enabled: can('users:read') });
  const people = (data?.users ?? []).map((user) => ({ value: user.id, text: nameOf(user) }));
  const { actor } = search;
  // One that is not on the first page, or a key, stands as the address has it.
  const known = actor === undefined || people.some(({ value }) => value === actor);
  return (
    <div className={styles.filters}>
      <SearchField
        label={t('audit.actionSearch')}
        value={search.action ?? ''}
        onSearch={(action) => onChange({ action: action || undefined })}
      />
      <SearchField
        label={t('audit.resourceSearch')}
        value={search.resource ?? ''}
        onSearch={(resource) => onChange({ resource: resource || undefined })}
      />
      <Select
        label={t('audit.actor')}
        isLabelHidden
        value={actor ?? 'all'}
        onChange={(value) => onChange({ actor: value === 'all' ? undefined : value })}
        options={[
          { value: 'all', text: t('audit.everybody') },
          ...people,
          ...(known ? [] : [{ value: actor, text: actor }]),
        ]}
      />
      <DayRange from={search.from} to={search.to} onChange={onChange} />
    </div>
  );
}
