import { useTranslation } from 'react-i18next';
import { priorities } from '../customer/interaction-fields.ts';
import styles from '../ui/bar.module.css';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
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
      <TextField
        label={t('audit.from')}
        type="date"
        value={search.from ?? ''}
        onChange={(from) => onChange({ from: from || undefined })}
      />
      <TextField
        label={t('audit.to')}
        type="date"
        value={search.to ?? ''}
        onChange={(to) => onChange({ to: to || undefined })}
      />
    </div>
  );
}
