import { useTranslation } from 'react-i18next';
import { Conflict } from '../forms/conflict.tsx';
import styles from '../ui/bar.module.css';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import { inputType, type Field } from './fields.ts';
import { genders, genderText } from './inline-field.tsx';

type Texts = Readonly<Record<string, string>>;
type CustomerFieldsProps = {
  fields: readonly Field[];
  values: Texts;
  set: (path: string) => (value: string) => void;
  errors: Texts;
  conflicts?: Readonly<Record<string, string | undefined>>;
  onTake?: (path: string, value: string) => void;
  /** Whether the first field has the focus. */
  autoFocus?: boolean;
};

/** Fields of a customer's record side by side, in the dialogs of a new and of an existing customer. */
export function CustomerFields({ fields, values, set, errors, conflicts, onTake, autoFocus }: CustomerFieldsProps) {
  const { t } = useTranslation();
  return (
    <div className={styles.fields}>
      {fields.map((field, index) => {
        const { path, label, kind } = field;
        const common = { label: t(label), onChange: set(path), error: errors[path] };
        return (
          <div key={path}>
            {kind === 'gender' ? (
              <Select
                {...common}
                value={values[path] || 'none'}
                onChange={(value) => set(path)(value === 'none' ? '' : value)}
                options={[
                  { value: 'none', text: '–' },
                  ...genders.map((value) => ({ value, text: genderText(value, t) })),
                ]}
              />
            ) : (
              <TextField
                {...common}
                type={inputType(field)}
                value={values[path] ?? ''}
                autoFocus={autoFocus === true && index === 0}
              />
            )}
            <Conflict theirs={conflicts?.[path]} onTake={(value) => onTake?.(path, value)} />
          </div>
        );
      })}
    </div>
  );
}
