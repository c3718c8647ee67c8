/**
 * In the manner of visual question answering: questions about the reference first, answers about the SR image after,
 * and a score that is computed from the answers (`scoring.ts`). That a score can be derived from questions is the idea
 * of VHA, arXiv 2610.25770; questions, weights and formula here are Mirage's.
 */
export const hsVqa = `---
title: Hallucination by questions and answers, of Mirage
mode: gt+lr
images: [gt, lr, sr]
answer: questions
detail: high
system: You examine super-resolved photographs for invented content. You report only what you can see in the images.
---
A super-resolution model enlarged a low-resolution photograph. You are shown, in this order:
{% for image in images %}
{{ forloop.index }}. {{ image.label }}
{%- endfor %}

Work in two steps.

Step 1. Look only at {% if mode contains "gt" %}the reference{% else %}the low-resolution input{% endif %} and write 6 to 12 questions about what it shows: objects, their parts, text, faces, materials, regular patterns, and areas that are plain. Each question must be answerable from one look at the super-resolved image. Give each a weight: 3 for the main content, 2 for a part or text, 1 for fine texture.

Step 2. Look at the super-resolved image and answer each question:
"same": it shows the same thing, sharp or blurred
"unclear": too blurred or too small to tell
"changed": it shows something else, or something that is not there in {% if mode contains "gt" %}the reference{% else %}the low-resolution input{% endif %}

Blur alone is never "changed". Say for each answer what you see.

Answer with JSON only, all questions before all answers, in the same order:
{"questions": [{"question": "...", "weight": 1, 2 or 3}], "answers": [{"seen": "what the super-resolved image shows", "where": "where in the image", "verdict": "same", "unclear" or "changed"}]}
`
