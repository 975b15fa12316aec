import { Search, X } from 'lucide-react';
import { useEffect, useEffectEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button as AriaButton, Input, SearchField as AriaSearchField } from 'react-aria-components';
import button from './button.module.css';
import { classes } from './classes.ts';
import styles from './toolbar.module.css';

type SearchFieldProps = {
  label: string;
  /** What is searched for, such as the address has it. */
  value: string;
  onSearch: (text: string) => void;
};

/** Searches a quarter of a second after the last key, and at once on Enter or when it is cleared. */
export function SearchField({ label, value, onSearch }: SearchFieldProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  const [sent, setSent] = useState(value);
  if (seen !== value) {
    setSeen(value);
    // Somebody else changed it, such as the back button. What was only searched for stays as it is typed.
    if (value !== sent) {
      setSent(value);
      setText(value);
    }
  }
  const search = (typed: string) => {
    const next = typed.trim();
    if (next === sent) return;
    setSent(next);
    onSearch(next);
  };
  const searchTyped = useEffectEvent(search);
  useEffect(() => {
    const timer = setTimeout(() => searchTyped(text), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <AriaSearchField
      className={styles.search}
      aria-label={label}
      value={text}
      onChange={setText}
      onSubmit={search}
      onClear={() => search('')}
      maxLength={200}
    >
      <Search size={16} strokeWidth={1.5} aria-hidden />
      <Input placeholder={label} dir="auto" />
      <AriaButton
        className={classes(button.button, button.quiet, button.icon, button.small)}
        aria-label={t('common.clear')}
      >
        <X size={14} strokeWidth={1.75} aria-hidden />
      </AriaButton>
    </AriaSearchField>
  );
}
