import type { Customer } from '@clientela/client';
import type { TFunction } from 'i18next';
import { useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from 'react-aria-components';
import { fieldErrors } from '../forms/field-errors.ts';
import type { Values } from '../forms/three-way.ts';
import { describeError } from '../ui/failure.tsx';
import { formatCode, formatDay } from '../ui/format.ts';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import { visible } from '../ui/visible.tsx';
import { ExistingLink } from './existing-link.tsx';
import { inputType, type Field } from './fields.ts';
import styles from './page.module.css';

export const genders = ['female', 'male', 'other'] as const;
export const genderText = (gender: string, t: TFunction): string =>
  t(`customer.gender.${gender}` as 'customer.gender.other', { defaultValue: gender });

/** An address that is too long for its line breaks before its `@`. */
function withBreak(address: string) {
  const at = address.indexOf('@');
  return at < 1 ? (
    visible(address)
  ) : (
    <>
      {visible(address.slice(0, at))}
      <wbr />
      {visible(address.slice(at))}
    </>
  );
}

/** Shows the value of a field as people read it. */
export function shownValue(field: Field | undefined, value: string | null, t: TFunction): string | null {
  if (value === null) return null;
  if (field?.kind === 'date' && /^\d{4}-\d{2}-\d{2}$/.test(value)) return formatDay(value);
  if (field?.kind === 'language' || field?.kind === 'region') return formatCode(value, field.kind);
  return field?.kind === 'gender' ? genderText(value, t) : value;
}

type InlineFieldProps = {
  field: Field;
  value: string | null;
  customer: Customer;
  canEdit: boolean;
  onSave: (seen: Customer, changes: Values) => Promise<void>;
};

/** A fact that a click or Enter turns into a field. Enter saves, Escape leaves; what was typed comes back until it is saved. */
export function InlineField({ field, value, customer, canEdit, onSave }: InlineFieldProps) {
  const { t } = useTranslation();
  const [seen, setSeen] = useState<Customer>(); // while it is edited
  const [draft, setDraft] = useState<string>();
  const [saving, setSaving] = useState<string | null>();
  const [error, setError] = useState<unknown>();
  const [takesFocus, setTakesFocus] = useState(true);
  const button = useRef<HTMLButtonElement>(null);
  const label = t(field.label);
  const shown = shownValue(field, saving === undefined ? value : saving, t);

  const close = () => {
    setSeen(undefined);
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) button.current?.focus(); // else the person went on, as by Tab
    });
  };
  const save = async (text: string, base: Customer) => {
    const next = text.trim() === '' ? null : text.trim();
    if (next === value) {
      setDraft(undefined);
      close();
      return;
    }
    setSaving(next);
    setError(undefined);
    close();
    try {
      await onSave(base, { [field.path]: next });
      setDraft(undefined);
    } catch (failure) {
      setError(failure);
      // The field comes back; whoever types elsewhere by now is left there.
      setTakesFocus([document.body, button.current].includes(document.activeElement as HTMLButtonElement | null));
      setSeen(base);
    }
    setSaving(undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && seen) void save(draft ?? value ?? '', seen);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={styles.fact}>
      <dt>{label}</dt>
      <dd>
        {!seen && !canEdit && <div className={styles.plain}>{shown ?? '–'}</div>}
        {!seen && canEdit && (
          <Button
            ref={button}
            className={styles.value}
            data-saving={saving !== undefined || undefined}
            aria-label={`${label}: ${shown ?? t('customer.noValue')}`}
            onPress={() => {
              setTakesFocus(true);
              setSeen(customer);
            }}
          >
            {shown === null ? (
              <span className={styles.empty}>–</span>
            ) : (
              <bdi>{field.kind === 'email' ? withBreak(shown) : visible(shown)}</bdi>
            )}
          </Button>
        )}
        {seen && field.kind === 'gender' && (
          <Select
            label={label}
            isLabelHidden
            value={value}
            onChange={(next) => void save(next, seen)}
            options={genders.map((each) => ({ value: each, text: genderText(each, t) }))}
          />
        )}
        {seen && field.kind !== 'gender' && (
          // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- keys of the field within
          <div onKeyDown={onKeyDown}>
            <TextField
              label={label}
              isLabelHidden
              type={inputType(field)}
              value={draft ?? value ?? ''}
              onChange={(text) => {
                setDraft(text);
                setError(undefined);
              }}
              onBlur={() => {
                // What was refused is not sent again by leaving it.
                if (error === undefined) void save(draft ?? value ?? '', seen);
              }}
              error={error === undefined ? undefined : errorAt(error, field.path, t)}
              autoFocus={takesFocus}
            />
          </div>
        )}
        {seen && <ExistingLink error={error} />}
      </dd>
    </div>
  );
}

const errorAt = (error: unknown, path: string, t: TFunction): string =>
  fieldErrors(error, t)[path] ?? describeError(error, t);
