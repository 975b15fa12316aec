import { useTranslation } from 'react-i18next';
import { priorities } from '../customer/interaction-fields.ts';
import styles from '../ui/bar.module.css';
import { DayRange } from '../ui/day-range.tsx';
import { Select } from '../ui/select.tsx';
import type { ComplaintsSearch } from './search.ts';

type FiltersProps = { search: ComplaintsSearch; onChange: (change: ComplaintsSearch) => void };

/** Priority, and the days on which complaints were made. */
export function Filters({ search, onChange }: FiltersProps) {
  const { t } = useTranslation();
  return (
    <div className={styles.filters}>
      <Select
        label={t('customer.form.priority')}
        value={search.priority ?? 'any'}
        onChange={(value) => onChange({ priority: value === 'any' ? undefined : value })}
        options={[
          { value: 'any', text: t('complaints.anyPriority') },
          ...priorities.toReversed().map((value) => ({ value, text: t(`customer.priority.${value}`) })),
        ]}
      />
      <DayRange from={search.from} to={search.to} onChange={onChange} />
    </div>
  );
}
