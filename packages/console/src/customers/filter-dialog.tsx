import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import styles from '../ui/toolbar.module.css';
import { statusText, typeText } from './columns.tsx';
import { labelsQuery } from './queries.ts';
import { statuses, types, type FilterName } from './search-params.ts';

type FilterDialogProps = { name: FilterName; value: string; onSave: (value: string) => void; onClose: () => void };

/** Chooses the value of one filter. */
export function FilterDialog({ name, value, onSave, onClose }: FilterDialogProps) {
  const { t } = useTranslation();
  const [next, setNext] = useState(value);
  const { data: labels = [] } = useQuery({ ...labelsQuery, enabled: name === 'tag' });
  const title = t(`customers.filterName.${name}`);
  const isAmount = name === 'min_lifetime_value';
  const error = isAmount && next !== '' && !/^\d{1,12}(\.\d{1,2})?$/.test(next) ? t('customers.notAmount') : undefined;
  const choices: Partial<Record<FilterName, { value: string; text: string }[]>> = {
    status: statuses.map((each) => ({ value: each, text: statusText(each, t) })),
    type: types.map((each) => ({ value: each, text: typeText(each, t) })),
    tag: labels.map(({ label }) => ({ value: label, text: label })),
  };
  const options = choices[name];
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (error === undefined) onSave(next.trim());
  };
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <form className={styles.form} onSubmit={onSubmit} noValidate>
        {options ? (
          <Select label={title} isLabelHidden value={next || null} onChange={setNext} options={options} />
        ) : (
          <TextField
            label={title}
            type={isAmount ? 'text' : 'date'}
            inputMode={isAmount ? 'decimal' : undefined}
            value={next}
            onChange={setNext}
            error={error}
            autoFocus
          />
        )}
        <div className={styles.bar}>
          <span className={styles.space} />
          <Button onPress={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary">
            {t('customers.applyFilter')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
