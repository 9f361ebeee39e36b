"""German."""

from typing import Final

from notifications.notices import NoticeType
from notifications.reasons import DeclineReason, FailureReason
from notifications.words import Wording, Words

_CUSTOMERS: Final = {
    NoticeType.RESERVED: Wording(
        subject="Ihre Bestellung {{ order }} kann jetzt bezahlt werden",
        title="Ihre Artikel warten auf Sie",
        news="Die Artikel Ihrer Bestellung {{ order }} sind für begrenzte Zeit für Sie reserviert.",
        amount="Zu zahlen",
        advice="Mit Ihrer Zahlung ist die Bestellung abgeschlossen. Was nicht rechtzeitig bezahlt wird, geht zurück in "
        "den Verkauf.",
        short="Die Artikel Ihrer Bestellung {{ order }} sind für kurze Zeit reserviert. Bitte bezahlen Sie"
        "{{ in_brackets }} rechtzeitig.",
        link="Bestellung bezahlen",
    ),
    NoticeType.FAILED: Wording(
        subject="Ihre Bestellung {{ order }} konnte nicht angenommen werden",
        title="Wir konnten Ihre Bestellung nicht annehmen",
        news="Es tut uns leid: Ihre Bestellung {{ order }} konnte nicht angenommen werden.",
        amount="Preis",
        advice="Sie müssen nichts bezahlen. Gerne können Sie erneut bestellen.",
        short="Es tut uns leid: Ihre Bestellung {{ order }} konnte nicht angenommen werden. Sie müssen nichts "
        "bezahlen.",
    ),
    NoticeType.PAID: Wording(
        subject="Ihre Bestellung {{ order }} ist bezahlt",
        title="Vielen Dank für Ihre Bestellung",
        news="Vielen Dank. Ihre Bestellung {{ order }} ist bezahlt.",
        amount="Bezahlt",
        advice="Sie müssen nichts weiter tun.",
        short="Vielen Dank. Ihre Bestellung {{ order }} ist bezahlt{{ in_brackets }}.",
    ),
    NoticeType.PAYMENT_FAILED: Wording(
        subject="Die Zahlung für Ihre Bestellung {{ order }} ist fehlgeschlagen",
        title="Ihre Zahlung ist fehlgeschlagen",
        news="Ihre Zahlung für die Bestellung {{ order }} ist fehlgeschlagen.",
        amount="Zu zahlen",
        advice="Solange die Bestellung offen ist, können Sie es noch einmal versuchen oder anders bezahlen.",
        short="Ihre Zahlung für die Bestellung {{ order }} ist fehlgeschlagen. Sie können es noch einmal versuchen "
        "oder "
        "anders bezahlen.",
        link="Noch einmal versuchen",
    ),
    NoticeType.EXPIRED: Wording(
        subject="Ihre Bestellung {{ order }} wurde nicht rechtzeitig bezahlt",
        title="Ihre Bestellung wurde nicht rechtzeitig bezahlt",
        news="Für die Bestellung {{ order }} ist nicht rechtzeitig eine Zahlung eingegangen. Ihre Artikel sind deshalb "
        "nicht mehr für Sie reserviert.",
        amount="Preis",
        advice="Wenn Sie sie noch möchten, können Sie gerne erneut bestellen.",
        short="Ihre Bestellung {{ order }} wurde nicht rechtzeitig bezahlt. Gerne können Sie erneut bestellen.",
    ),
    NoticeType.CANCELLED: Wording(
        subject="Ihre Bestellung {{ order }} ist storniert",
        title="Ihre Bestellung ist storniert",
        news="Ihre Bestellung {{ order }} ist storniert, und ihre Artikel sind nicht mehr für Sie reserviert.",
        amount="Preis",
        advice="Sie müssen nichts bezahlen. Gerne können Sie erneut bestellen.",
        short="Ihre Bestellung {{ order }} ist storniert. Sie müssen nichts bezahlen.",
    ),
    NoticeType.REFUNDED: Wording(
        subject="Ihre Bestellung {{ order }} ist erstattet",
        title="Ihr Geld ist auf dem Weg zu Ihnen",
        news="Was Sie für die Bestellung {{ order }} bezahlt haben, ist erstattet.",
        amount="Erstattet",
        advice="Bei Ihrer Bank kann es einige Tage dauern, bis Sie es sehen. Sie müssen nichts tun.",
        short="Ihre Bestellung {{ order }} ist erstattet{{ in_brackets }}. Bei Ihrer Bank kann es einige Tage dauern.",
    ),
    NoticeType.PARTIALLY_REFUNDED: Wording(
        subject="Ihre Bestellung {{ order }} ist teilweise erstattet",
        title="Ein Teil Ihres Geldes ist auf dem Weg zu Ihnen",
        news="Ein Teil dessen, was Sie für die Bestellung {{ order }} bezahlt haben, ist erstattet.",
        amount="Bisher erstattet",
        advice="Bei Ihrer Bank kann es einige Tage dauern, bis Sie es sehen. Sie müssen nichts tun.",
        short="Ihre Bestellung {{ order }} ist teilweise erstattet{{ in_brackets }}. Bei Ihrer Bank kann es einige "
        "Tage "
        "dauern.",
    ),
    NoticeType.REFUND_DUE: Wording(
        subject="Ihre Bestellung {{ order }} kann nicht geliefert werden",
        title="Wir können Ihre Bestellung nicht liefern",
        news="Es tut uns leid: Ihre Zahlung für die Bestellung {{ order }} ist eingegangen, aber wir können nicht "
        "liefern, was Sie bestellt haben.",
        amount="Bezahlt",
        advice="Sie bekommen Ihr Geld zurück. Sie müssen nichts tun.",
        short="Es tut uns leid: Wir können Ihre Bestellung {{ order }} nicht liefern. Sie bekommen Ihr Geld zurück"
        "{{ in_brackets }}.",
    ),
    NoticeType.REVIEW: Wording(
        subject="Wir sehen uns Ihre Bestellung {{ order }} an",
        title="Wir sehen uns Ihre Bestellung an",
        news="Ihre Zahlung für die Bestellung {{ order }} ist eingegangen. Bevor es weitergeht, sieht sich jemand von "
        "uns die Bestellung an.",
        amount="Bezahlt",
        advice="Ihr Geld ist sicher, und Sie müssen nichts tun. Sie hören von uns.",
        short="Ihre Zahlung für die Bestellung {{ order }} ist da. Wir sehen uns die Bestellung an und melden uns bei "
        "Ihnen.",
    ),
}

_OPERATORS: Final = {
    NoticeType.CANCEL_REQUESTED: Wording(
        subject="Bestellung {{ order }} stornieren?",
        title="Eine bezahlte Bestellung soll storniert werden",
        news="Der Kunde möchte die Bestellung {{ order }} stornieren, und sie ist bezahlt.",
        amount="Bezahlt",
        advice="Wenn Sie einverstanden sind, erstatten Sie die Zahlung in Stripe oder mit ./shop refund {{ order }}: "
        "Das ändert auch die Bestellung. Hat sie nichts gekostet, buchen Sie ihre Artikel mit ./shop stock add zurück. "
        "Sonst sagen Sie dem Kunden Bescheid.",
        short="Bestellung {{ order }} soll storniert werden und ist bezahlt{{ in_brackets }}. Bitte entscheiden Sie.",
    ),
    NoticeType.REFUND_FAILED: Wording(
        subject="Eine Erstattung der Bestellung {{ order }} ist fehlgeschlagen",
        title="Eine Erstattung ist fehlgeschlagen",
        news="Eine Erstattung der Bestellung {{ order }} ist fehlgeschlagen oder wurde abgebrochen: Der Kunde hat "
        "dieses Geld nicht.",
        amount="Ohne sie erstattet",
        advice="Stellen Sie in Stripe fest, warum. Erstatten Sie erneut, oder zahlen Sie dem Kunden das Geld auf "
        "anderem Weg, und sagen Sie ihm Bescheid.",
        short="Eine Erstattung der Bestellung {{ order }} ist fehlgeschlagen: Der Kunde hat dieses Geld nicht.",
    ),
    NoticeType.REFUND_DUE: Wording(
        subject="{% if refund_under_way %}Bestellung {{ order }} ist nicht lieferbar und wird erstattet"
        "{% else %}Bestellung {{ order }} erstatten{% endif %}",
        title="Eine bezahlte Bestellung ist nicht lieferbar",
        news="Die Bestellung {{ order }} ist bezahlt und kann nicht ausgeführt werden.",
        amount="Bezahlt",
        advice="Erstatten Sie mit ./shop refund {{ order }} oder in Stripe, {% if refund_under_way %}was laut "
        "Begründung nicht schon erstattet wird, falls etwas übrig ist{% else %}was noch nicht erstattet ist{% endif %}"
        ". Jede Erstattung ändert die Bestellung und benachrichtigt den Kunden.",
        short="Bestellung {{ order }} ist bezahlt{{ in_brackets }} und nicht lieferbar. "
        "{% if refund_under_way %}Eine Erstattung läuft.{% else %}Erstatten Sie sie in Stripe.{% endif %}",
    ),
    NoticeType.REVIEW: Wording(
        subject="Über Bestellung {{ order }} entscheiden",
        title="Eine Bestellung braucht Ihre Entscheidung",
        news="Die Bestellung {{ order }} ist bezahlt, aber Zahlung und Bestellung passen nicht zusammen. Bis Sie "
        "entscheiden, bleibt alles, wie es ist.",
        amount="Bezahlt",
        advice="Vergleichen Sie die Bestellung mit ihren Zahlungen in Stripe. Fehlt noch ein Rest, lassen Sie ihn "
        "bezahlen: Sobald der Preis erreicht ist, ist die Bestellung bezahlt. Sonst nehmen Sie, was bezahlt wurde, "
        "mit ./shop accept {{ order }} als Preis an, oder erstatten Sie es mit ./shop refund {{ order }}.",
        short="Bestellung {{ order }} ist bezahlt{{ in_brackets }}, aber die Zahlung passt nicht. Bitte entscheiden "
        "Sie.",
    ),
    NoticeType.NOT_PAID: Wording(
        subject="Sollte die Bestellung {{ order }} kostenlos sein?",
        title="Sollte diese Bestellung kostenlos sein?",
        news="Der Kunde hat eine kostenlose Checkout-Sitzung abgeschlossen, aber die Bestellung {{ order }} hat einen "
        "Preis.",
        amount="Preis",
        advice="Sollte sie kostenlos sein: ./shop accept {{ order }}. Sonst sagen Sie dem Kunden, dass "
        "nichts bezahlt wurde. Eine reservierte Bestellung bleibt bis reservationExpiresAt reserviert und kann noch "
        "bezahlt werden; für eine beendete ist nichts reserviert.",
        short="Sollte die Bestellung {{ order }} kostenlos sein? Sie hat einen Preis{{ in_brackets }}.",
    ),
    NoticeType.SUBSCRIPTION: Wording(
        subject="Für die Bestellung {{ order }} wurde ein Abo verkauft",
        title="Für eine Bestellung wurde ein Abo verkauft",
        news="Eine Checkout-Sitzung, die die Bestellung {{ order }} nennt, hat ein Abo verkauft. Das bezahlt keine "
        "Bestellung.",
        amount="Preis",
        advice="Stellen Sie fest, warum das Backend des Shops die Nummer einer Bestellung in eine Sitzung für ein Abo "
        "geschrieben hat. Die Bestellung bleibt, wie sie ist.",
        short="Für die Bestellung {{ order }} wurde ein Abo verkauft. Das bezahlt keine Bestellung.",
    ),
    NoticeType.PARTLY_FUNDED: Wording(
        subject="Ein Teil des Geldes für die Bestellung {{ order }} ist eingegangen",
        title="Ein Teil einer Überweisung ist eingegangen",
        news="Die Bestellung {{ order }} ist abgelaufen oder storniert, und ein Teil einer Überweisung dafür ist "
        "eingegangen. Stripe verwahrt ihn für den Kunden: Er ist keine Zahlung, und der Shop hat ihn nicht.",
        amount="Eingegangen",
        advice="Suchen Sie in Stripe die Zahlung, die die Begründung nennt. Brechen Sie sie ab, wenn der Kunde den "
        "Rest nicht mehr zahlen soll, und geben Sie ihm zurück, was eingegangen ist: Sein Guthaben in Stripe zeigt "
        "es. Kommt der Rest, so ist die Bestellung doch bezahlt, soweit ihre Ware noch da ist.",
        short="Ein Teil des Geldes für Bestellung {{ order }} ist eingegangen{{ in_brackets }}. Geben Sie ihn in "
        "Stripe zurück.",
    ),
    NoticeType.SECOND_PAYMENT: Wording(
        subject="Die Bestellung {{ order }} wurde mehr als einmal bezahlt",
        title="Eine Bestellung wurde mehr als einmal bezahlt",
        news="Die Bestellung {{ order }} ist bezahlt, und es ist mehr Geld dafür eingegangen, als nötig ist.",
        amount="Nicht nötig",
        advice="Erstatten Sie mit ./shop refund {{ order }} --payment pi_… oder in Stripe{% if refund_under_way %}, "
        "was laut Begründung nicht schon erstattet wird, falls etwas übrig ist{% else %} die Zahlung, die die "
        "Begründung nennt, soweit sie noch nicht erstattet ist{% endif %}. Die Bestellung bleibt, wie sie ist.",
        short="Bestellung {{ order }} wurde mehr als einmal bezahlt{{ in_brackets }}. "
        "{% if refund_under_way %}Eine Erstattung läuft.{% else %}Erstatten Sie in Stripe, was zu viel ist.{% endif %}",
    ),
    NoticeType.EARLIER_ORDER: Wording(
        subject="Geld für eine frühere Bestellung {{ order }}",
        title="Geld für eine frühere Bestellung",
        news="Eine Zahlung gehört zu einer früheren Bestellung mit der Nummer {{ order }}, die gelöscht wurde. Die "
        "Bestellung, die diese Nummer jetzt hat, bleibt, wie sie ist.",
        amount="Bezahlt",
        advice="Erstatten Sie die Zahlung, die die Begründung nennt, mit ./shop refund {{ order }} --payment pi_… oder "
        "in Stripe, außer der Kunde hat, was er bezahlt hat. Vergeben Sie die Nummer einer Bestellung nie zweimal.",
        short="Für eine frühere, gelöschte Bestellung {{ order }} ist Geld eingegangen{{ in_brackets }}.",
    ),
    NoticeType.DISPUTE: Wording(
        subject="Die Zahlung der Bestellung {{ order }} ist angefochten",
        title="Eine Zahlung ist angefochten",
        news="Zur Anfechtung der Zahlung für die Bestellung {{ order }} gibt es etwas Neues.",
        amount="Angefochten",
        advice="Öffnen Sie die Anfechtung in Stripe. Verlangt sie eine Antwort, reichen Sie Ihre Belege rechtzeitig "
        "ein. Am Bestand hat sich nichts geändert.",
        short="Neues zur angefochtenen Zahlung der Bestellung {{ order }}{{ in_brackets }}. Stripe erwartet vielleicht "
        "Belege.",
    ),
    NoticeType.EFFECT_FAILED: Wording(
        subject="Für die Bestellung {{ order }} wurde etwas nicht erledigt",
        title="Etwas wurde nicht erledigt",
        news="Für die Bestellung {{ order }} war außerhalb etwas zu erledigen, etwa eine Nachricht oder eine "
        "Erstattung. Das ist fehlgeschlagen und wurde aufgegeben.",
        amount="Betrag",
        advice="Die Begründung sagt, was nicht erledigt wurde und warum. Beheben Sie die Ursache, und lassen Sie es "
        "noch einmal versuchen: ./shop why mit der Bestellnummer zeigt den Befehl. Oder erledigen Sie es selbst, aber "
        "nicht beides. Die Bestellung bleibt, wie sie ist.",
        short="Für die Bestellung {{ order }} wurde etwas nicht erledigt, etwa eine Nachricht oder eine Erstattung.",
    ),
}

WORDS: Final = Words(
    customers=_CUSTOMERS,
    operators=_OPERATORS,
    declines={
        DeclineReason.NO_MONEY: "Das Konto ist nicht ausreichend gedeckt.",
        DeclineReason.LIMIT_REACHED: "Ein Limit der Karte oder des Kontos ist erreicht.",
        DeclineReason.CARD_EXPIRED: "Die Karte ist abgelaufen.",
        DeclineReason.WRONG_NUMBER: "Die Kartennummer stimmt nicht.",
        DeclineReason.WRONG_EXPIRY: "Das Ablaufdatum der Karte stimmt nicht.",
        DeclineReason.WRONG_SECURITY_CODE: "Der Sicherheitscode der Karte stimmt nicht.",
        DeclineReason.WRONG_ADDRESS: "Die Adresse stimmt nicht mit der überein, die die Bank kennt.",
        DeclineReason.NOT_CONFIRMED: "Die Bank wollte, dass Sie die Zahlung bestätigen, und das ist nicht geschehen.",
        DeclineReason.NOT_THIS_KIND: "Mit der Karte kann nicht auf diese Weise bezahlt werden.",
        DeclineReason.NOT_THIS_CURRENCY: "Mit der Karte kann nicht in dieser Währung bezahlt werden.",
        DeclineReason.BANK_UNAVAILABLE: "Die Bank konnte sie gerade nicht bearbeiten.",
        DeclineReason.OTHER: "Sie wurde abgelehnt; vielleicht kann Ihre Bank sagen, warum.",
    },
    failures={
        FailureReason.INSUFFICIENT_STOCK: "{% if products %}Von {{ products }}{% else %}Davon{% endif %} ist nicht "
        "mehr genug da.",
        FailureReason.UNKNOWN_PRODUCT: "{{ products or 'Etwas davon' }} haben wir nicht.",
        FailureReason.NOT_ON_SALE: "{{ products or 'Etwas davon' }} wird nicht mehr verkauft.",
        FailureReason.TOO_MANY_OPEN_ORDERS: "Sie haben zu viele unbezahlte Bestellungen; bezahlen oder stornieren Sie "
        "eine davon.",
        FailureReason.ID_USED_BEFORE: "Eine frühere Bestellung hatte dieselbe Nummer.",
        FailureReason.AMOUNT_TOO_LARGE: "Sie kostet mehr, als auf einmal bezahlt werden kann.",
        FailureReason.MIXED_CURRENCIES: "Sie kann nicht in einer einzigen Währung bezahlt werden; bitte teilen Sie sie "
        "auf.",
        FailureReason.OTHER: "So kann sie nicht angenommen werden.",
    },
    reason="Begründung",
    to_do="Was zu tun ist",
    link="Bestellung ansehen",
    why_customers="Sie erhalten diese Nachricht wegen Ihrer Bestellung {{ order }}.",
    why_operators="Sie erhalten diese Nachricht, weil Sie den Shop betreuen.",
)
