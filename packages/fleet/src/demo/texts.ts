/** What a colleague writes down about a customer, by the language of both. English for the rest. */
export type Texts = {
  call: string;
  sale: string;
  email: string;
  appointment: string;
  visit: string;
  complaint: string;
  note: string;
};

const english: Texts = {
  call: 'Asked which roast suits a moka pot; recommended Harbour Blend.',
  sale: 'Bought two bags of Midnight Espresso and a dripper.',
  email: 'Sent the price list for offices, with delivery every second Tuesday.',
  appointment: 'Tasting for four people.',
  visit: 'Came by to try the new Yirgacheffe, and liked it.',
  complaint: 'The parcel arrived a week late and one bag was torn.',
  note: 'Prefers to be written to, not called. Allergic to almonds.',
};

const byLanguage: Readonly<Record<string, Texts>> = {
  es: {
    call: 'Preguntó qué tueste va mejor con una cafetera italiana; le recomendé Harbour Blend.',
    sale: 'Compró dos bolsas de Midnight Espresso y un filtro de porcelana.',
    email: 'Le envié la lista de precios para oficinas, con entrega cada dos martes.',
    appointment: 'Cata para cuatro personas.',
    visit: 'Vino a probar el nuevo Yirgacheffe y le gustó.',
    complaint: 'El paquete llegó una semana tarde y una bolsa estaba rota.',
    note: 'Prefiere que le escriban. Alergia a las almendras.',
  },
  pt: {
    call: 'Perguntou que torra combina com a cafeteira italiana; recomendei Harbour Blend.',
    sale: 'Comprou dois pacotes de Midnight Espresso e um coador.',
    email: 'Enviei a tabela de preços para escritórios, com entrega quinzenal.',
    appointment: 'Degustação para quatro pessoas.',
    visit: 'Veio provar o novo Yirgacheffe e gostou.',
    complaint: 'A encomenda chegou com uma semana de atraso e um pacote rasgado.',
    note: 'Prefere mensagens a telefonemas. Alergia a amêndoas.',
  },
  fr: {
    call: 'A demandé quelle torréfaction convient à une cafetière italienne ; conseillé Harbour Blend.',
    sale: 'A acheté deux sachets de Midnight Espresso et un porte-filtre.',
    email: 'Envoyé le tarif pour bureaux, livraison un mardi sur deux.',
    appointment: 'Dégustation pour quatre personnes.',
    visit: 'Est passé goûter le nouveau Yirgacheffe, et l’a aimé.',
    complaint: 'Le colis est arrivé une semaine en retard, un sachet était déchiré.',
    note: 'Préfère qu’on lui écrive. Allergique aux amandes.',
  },
  de: {
    call: 'Fragte, welche Röstung zur Herdkanne passt; Harbour Blend empfohlen.',
    sale: 'Kaufte zwei Beutel Midnight Espresso und einen Handfilter.',
    email: 'Preisliste für Büros geschickt, Lieferung jeden zweiten Dienstag.',
    appointment: 'Verkostung für vier Personen.',
    visit: 'Kam vorbei, um den neuen Yirgacheffe zu probieren; er schmeckte.',
    complaint: 'Das Paket kam eine Woche zu spät, ein Beutel war gerissen.',
    note: 'Möchte lieber angeschrieben als angerufen werden. Mandelallergie.',
  },
  pl: {
    call: 'Pytanie o kawę do kawiarki; polecono Harbour Blend.',
    sale: 'Zakup: dwie paczki Midnight Espresso i dripper.',
    email: 'Wysłano cennik dla biur, dostawa co drugi wtorek.',
    appointment: 'Degustacja dla czterech osób.',
    visit: 'Wizyta i próba nowej Yirgacheffe; smakowała.',
    complaint: 'Paczka przyszła tydzień za późno, jedna torebka rozdarta.',
    note: 'Woli wiadomości niż telefony. Uczulenie na migdały.',
  },
  ro: {
    call: 'A întrebat ce prăjire se potrivește cu un ibric moka; am recomandat Harbour Blend.',
    sale: 'A cumpărat două pungi de Midnight Espresso și un dripper.',
    email: 'Am trimis lista de prețuri pentru birouri, cu livrare din două în două marți.',
    appointment: 'Degustare pentru patru persoane.',
    visit: 'A venit să guste noul Yirgacheffe și i-a plăcut.',
    complaint: 'Coletul a ajuns cu o săptămână întârziere și o pungă era ruptă.',
    note: 'Preferă să i se scrie. Alergie la migdale.',
  },
  ru: {
    call: 'Вопрос, какая обжарка подходит для гейзерной кофеварки; посоветовали Harbour Blend.',
    sale: 'Покупка: две пачки Midnight Espresso и воронка.',
    email: 'Отправлен прайс-лист для офисов, доставка раз в две недели.',
    appointment: 'Дегустация на четверых.',
    visit: 'Заходили попробовать новый Yirgacheffe, понравился.',
    complaint: 'Посылка пришла на неделю позже, одна пачка порвана.',
    note: 'Лучше писать, а не звонить. Аллергия на миндаль.',
  },
  uk: {
    call: 'Запитання про обсмажку для гейзерної кавоварки; порадили Harbour Blend.',
    sale: 'Придбано дві пачки Midnight Espresso і лійку.',
    email: 'Надіслано прайс для офісів, доставка щодругого вівторка.',
    appointment: 'Дегустація на чотирьох.',
    visit: 'Куштували новий Yirgacheffe, сподобався.',
    complaint: 'Посилка прийшла на тиждень пізніше, одну пачку порвано.',
    note: 'Краще писати, ніж телефонувати. Алергія на мигдаль.',
  },
  el: {
    call: 'Ρώτησε ποιο καβούρδισμα ταιριάζει σε μόκα· προτάθηκε το Harbour Blend.',
    sale: 'Αγόρασε δύο συσκευασίες Midnight Espresso και ένα φίλτρο.',
    email: 'Στάλθηκε ο τιμοκατάλογος για γραφεία.',
    appointment: 'Γευσιγνωσία για τέσσερα άτομα.',
    visit: 'Πέρασε για να δοκιμάσει το νέο Yirgacheffe.',
    complaint: 'Το δέμα έφτασε μία εβδομάδα αργότερα και μια συσκευασία ήταν σκισμένη.',
    note: 'Προτιμά μηνύματα. Αλλεργία στα αμύγδαλα.',
  },
  ar: {
    call: 'سأل عن التحميص المناسب لإبريق الموكا، ونصحناه بخلطة Harbour Blend.',
    sale: 'اشترى كيسين من Midnight Espresso وقمع تقطير.',
    email: 'أرسلنا قائمة أسعار المكاتب مع التوصيل كل أسبوعين.',
    appointment: 'جلسة تذوق لأربعة أشخاص.',
    visit: 'زارنا لتجربة Yirgacheffe الجديد وأعجبه.',
    complaint: 'وصل الطرد متأخرًا أسبوعًا وكان أحد الأكياس ممزقًا.',
    note: 'يفضل الرسائل على المكالمات. حساسية من اللوز.',
  },
  he: {
    call: 'שאלה איזו קלייה מתאימה למקינטה; הומלץ על Harbour Blend.',
    sale: 'קנייה של שתי שקיות Midnight Espresso ומשפך.',
    email: 'נשלח מחירון למשרדים, עם משלוח כל יום שלישי שני.',
    appointment: 'טעימות לארבעה אנשים.',
    visit: 'ביקור לטעימת Yirgacheffe החדש.',
    complaint: 'החבילה הגיעה באיחור של שבוע ושקית אחת נקרעה.',
    note: 'עדיף לכתוב ולא להתקשר. אלרגיה לשקדים.',
  },
  ja: {
    call: 'マキネッタに合う焙煎についてお問い合わせ。Harbour Blend をご案内。',
    sale: 'Midnight Espresso を二袋とドリッパーをご購入。',
    email: 'オフィス向けの価格表を送付。隔週火曜日にお届け。',
    appointment: '四名様の試飲会。',
    visit: '新しいイルガチェフェを試飲にご来店。',
    complaint: '荷物が一週間遅れて届き、一袋が破れていた。',
    note: '電話よりメールをご希望。アーモンドアレルギー。',
  },
  zh: {
    call: '询问摩卡壶适合哪种烘焙；推荐了 Harbour Blend。',
    sale: '购买两袋 Midnight Espresso 和一个滤杯。',
    email: '已发送办公室价目表，隔周二送货。',
    appointment: '四人品鉴会。',
    visit: '到店品尝新的耶加雪菲，很喜欢。',
    complaint: '包裹晚到一周，其中一袋破损。',
    note: '更愿意收到文字消息。对杏仁过敏。',
  },
  ko: {
    call: '모카포트에 맞는 로스팅 문의, Harbour Blend 추천.',
    sale: 'Midnight Espresso 두 봉지와 드리퍼 구매.',
    email: '사무실용 가격표 발송, 격주 화요일 배송.',
    appointment: '네 명 시음회.',
    visit: '새 예가체프를 시음하러 방문.',
    complaint: '택배가 일주일 늦게 도착했고 한 봉지가 찢어져 있었음.',
    note: '전화보다 문자를 선호. 아몬드 알레르기.',
  },
};

/** @param language BCP 47, of which the first part counts */
export const textsIn = (language: string): Texts => byLanguage[language.split('-')[0] ?? ''] ?? english;
