import type { Company } from '@clientela/client';
import { useTranslation } from 'react-i18next';
import styles from '../ui/bar.module.css';
import { visible } from '../ui/visible.tsx';

/** What somebody sees of the company who may not change it. */
export function CompanyFacts({ company }: { company: Company }) {
  const { t } = useTranslation();
  const facts = ['name', 'business_name', 'document_type', 'document_number', 'country', 'currency'] as const;
  return (
    <dl className={styles.facts}>
      {facts.map((key) => (
        <div key={key} className={styles.fact}>
          <dt>{t(`settings.${key}`)}</dt>
          <dd dir="auto">{visible(company[key] ?? '–')}</dd>
        </div>
      ))}
    </dl>
  );
}
