import { useTranslation } from 'react-i18next';
import { Conflict } from '../forms/conflict.tsx';
import styles from '../ui/bar.module.css';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import type { ProductValues } from './fields.ts';

type Key = keyof ProductValues;
type ProductFieldsProps = {
  values: ProductValues;
  set: (key: Key) => (value: string) => void;
  errors: Readonly<Record<string, string>>;
  conflicts?: Partial<ProductValues>;
  onTake?: (key: Key, value: string) => void;
  /** Whether the company's currency is taken when none is typed. */
  isNew?: boolean;
};

/** The fields of a product, in the dialog of a new one and on its page. */
export function ProductFields({ values, set, errors, conflicts, onTake, isNew }: ProductFieldsProps) {
  const { t } = useTranslation();
  const field = (key: Key) => ({ value: values[key], onChange: set(key), error: errors[key] });
  const conflict = (key: Key) => <Conflict theirs={conflicts?.[key]} onTake={(value) => onTake?.(key, value)} />;
  return (
    <>
      <div>
        <TextField label={t('products.name')} {...field('name')} isRequired autoFocus={isNew} maxLength={200} />
        {conflict('name')}
      </div>
      <div className={styles.pair}>
        <div>
          <TextField label={t('products.price')} {...field('price')} isRequired inputMode="decimal" />
          {conflict('price')}
        </div>
        <div>
          <TextField
            label={t('products.currency')}
            {...field('currency')}
            maxLength={3}
            isRequired={!isNew}
            {...(isNew && { description: t('products.currencyHint') })}
          />
          {conflict('currency')}
        </div>
      </div>
      <div className={styles.pair}>
        <div>
          <Select
            label={t('products.type')}
            value={values.type}
            onChange={set('type')}
            options={[
              { value: 'product', text: t('products.types.product') },
              { value: 'service', text: t('products.types.service') },
            ]}
            error={errors['type']}
          />
          {conflict('type')}
        </div>
        <div>
          <TextField label={t('products.sku')} {...field('sku')} maxLength={100} />
          {conflict('sku')}
        </div>
      </div>
      <div>
        <TextField label={t('products.description')} {...field('description')} multiline rows={4} />
        {conflict('description')}
      </div>
    </>
  );
}
