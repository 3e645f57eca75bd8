#include "textflag.h"

// Constants of vector instructions, for 32 bytes each.
#define REPEAT(name, v) \
	DATA name<>+0(SB)/8, v  \
	DATA name<>+8(SB)/8, v  \
	DATA name<>+16(SB)/8, v \
	DATA name<>+24(SB)/8, v \
	GLOBL name<>(SB), RODATA|NOPTR, $32

REPEAT(comma, $0x2c2c2c2c2c2c2c2c)
REPEAT(quote, $0x2222222222222222)
REPEAT(zero, $0x3030303030303030)
REPEAT(nine, $0x0909090909090909)
REPEAT(tens, $0x010a010a010a010a)      // 10, 1: two digits to a number
REPEAT(hundreds, $0x0001006400010064)  // 100, 1: two of those
REPEAT(thousands, $0x0001271000012710) // 10000, 1: two of those

// Thirteen digits to the end of 16 bytes, after zeros.
DATA last13<>+0(SB)/8, $0x0403020100808080
DATA last13<>+8(SB)/8, $0x0c0b0a0908070605
GLOBL last13<>(SB), RODATA|NOPTR, $16

// MUL sets a to the product of a and b folded to 64 bits, as mul does. DX is b.
#define MUL(a) \
	MULXQ a, a, R10 \
	XORQ  R10, a

// STEP takes the words in R9 and R13 up into a hash in AX and CX.
#define STEP \
	XORQ R9, AX      \
	MOVQ 32(BX), DX  \
	XORQ R13, DX     \
	MUL(AX)          \
	XORQ R13, CX     \
	MOVQ 40(BX), DX  \
	XORQ R9, DX      \
	MUL(CX)

// MASK has a bit set in to for each of 64 bytes, at p and q, that is as those of
// Y7.
#define MASK(p, q, to, temp) \
	VPCMPEQB  p, Y7, Y0  \
	VPCMPEQB  q, Y7, Y1  \
	VPMOVMSKB Y0, to     \
	VPMOVMSKB Y1, temp   \
	SHLQ      $32, temp  \
	ORQ       temp, to

// The fields of flow.Observation, see TestSightingOffsets.
#define HASH 0
#define COUNTERS 16
#define TIME 48

// func observeTupleAVX2(t *span, s *flow.Observation, keys *[8]uint64) (end int, is traits)
//
// With AVX2 and BMI2. Registers that last: SI the tuple, DI the observation, BX
// the keys, R8 what is read next.
TEXT ·observeTupleAVX2(SB), NOSPLIT, $0-40
	MOVQ t+0(FP), SI
	MOVQ s+8(FP), DI
	MOVQ keys+16(FP), BX

	// The time: 13 digits and a comma.
	VMOVDQU    0(SI), X0
	VPSUBB     zero<>(SB), X0, X0
	VPSHUFB    last13<>(SB), X0, X0
	VPSUBUSB   nine<>(SB), X0, X1
	VPTEST     X1, X1
	JNZ        unknown
	CMPB       13(SI), $0x2c
	JNE        unknown
	VPMADDUBSW tens<>(SB), X0, X0
	VPMADDWD   hundreds<>(SB), X0, X0
	VPACKUSDW  X0, X0, X0
	VPMADDWD   thousands<>(SB), X0, X0
	VMOVQ      X0, AX
	MOVL       AX, CX
	SHRQ       $32, AX
	IMULQ      $100000000, CX
	ADDQ       CX, AX
	MOVQ       AX, TIME(DI)

	// The flow: its text ends with the sixth comma, two after the fifth.
	VMOVDQU   comma<>(SB), Y7
	MASK(14(SI), 46(SI), AX, CX)
	MOVL      $16, CX
	PDEPQ     AX, CX, CX
	TZCNTQ    CX, CX
	CMPQ      CX, $61
	JA        unknown
	SHRXQ     CX, AX, AX
	ANDL      $7, AX
	CMPL      AX, $5
	JNE       unknown
	LEAQ      17(SI)(CX*1), R8
	ADDQ      $2, CX
	MOVQ      CX, R11

	// Direction, state and encryption: NX or X.
	MOVBLZX -2(R8), AX
	MOVBLZX (R8), DX
	SHLL    $8, AX
	ORL     AX, CX
	SHLL    $16, DX
	ORL     DX, CX
	CMPB    1(R8), $0x2c
	JNE     unknown
	MOVL 2(R8), AX
	ANDL $0xffffff, AX
	CMPL AX, $0x2c584e
	JEQ  plain
	CMPW AX, $0x2c58
	JNE  unknown
	ORL  $0x1000000, CX
	ADDQ $4, R8
	JMP  counters

plain:
	ADDQ $5, R8

counters:
	MOVQ CX, is+32(FP)

	// Four of them, of one to eight digits, and a quote.
	MASK((R8), 32(R8), AX, CX)
	VMOVDQU   quote<>(SB), Y7
	MASK((R8), 32(R8), CX, R10)
	JEQ       unknown
	TZCNTQ    CX, R13 // the quote
	TZCNTQ    AX, CX  // the commas
	BLSRQ     AX, AX
	TZCNTQ    AX, R9
	BLSRQ     AX, AX
	TZCNTQ    AX, R12
	BLSRQ     AX, AX
	TZCNTQ    AX, R10
	CMPQ      R10, R13
	JCS       unknown // a fifth counter
	LEAQ      (R8)(R13*1), AX
	SUBQ      SI, AX
	MOVQ      AX, end+24(FP)

	// One less than the digits of each: R13, R12, AX and R10.
	LEAQ  (R8)(R12*1), DX // before the fourth counter
	SUBQ  R12, R13
	SUBQ  $2, R13
	LEAQ  (R8)(R9*1), AX  // before the third
	SUBQ  R9, R12
	SUBQ  $2, R12
	SUBQ  CX, R9
	SUBQ  $2, R9
	LEAQ  -1(CX), R10
	MOVQ  R10, CX
	ORQ   R9, CX
	ORQ   R12, CX
	ORQ   R13, CX
	TESTQ $-8, CX
	JNZ   unknown
	MOVQ  DX, CX
	MOVQ  AX, DX
	MOVQ  R9, AX
	MOVQ  $0x3030303030303030, R9
	NOTQ  R13
	SHLQ  $3, R13
	MOVQ  1(CX), CX
	XORQ  R9, CX
	SHLXQ R13, CX, CX
	NOTQ  R12
	SHLQ  $3, R12
	MOVQ  1(DX), DX
	XORQ  R9, DX
	SHLXQ R12, DX, DX
	VMOVQ DX, X1
	VPINSRQ $1, CX, X1, X1
	MOVQ  2(R8)(R10*1), CX // after the first counter and its comma
	XORQ  R9, CX
	NOTQ  AX
	SHLQ  $3, AX
	SHLXQ AX, CX, CX
	MOVQ  (R8), DX
	XORQ  R9, DX
	NOTQ  R10
	SHLQ  $3, R10
	SHLXQ R10, DX, DX
	VMOVQ DX, X0
	VPINSRQ $1, CX, X0, X0
	VINSERTI128 $1, X1, Y0, Y0
	VPSUBUSB nine<>(SB), Y0, Y1
	VPTEST Y1, Y1
	JNZ   unknown
	VPMADDUBSW tens<>(SB), Y0, Y0
	VPMADDWD hundreds<>(SB), Y0, Y0
	VPACKUSDW Y0, Y0, Y0
	VPMADDWD thousands<>(SB), Y0, Y0
	VPERMQ $0x08, Y0, Y0
	VPMOVZXDQ X0, Y0
	VMOVDQU Y0, COUNTERS(DI)

	// The hash of the flow's text, as span.hash makes it: R11 bytes from R8 on.
	LEAQ 14(SI), R8
	MOVQ (BX), AX
	XORQ R11, AX
	MOVQ 8(BX), CX
	ADDQ R8, R11  // its end
	LEAQ -16(R11), R12

block:
	CMPQ R8, R12
	JHI  tail
	MOVQ (R8), R9
	XORQ 16(BX), R9
	MOVQ 8(R8), R13
	XORQ 24(BX), R13
	ADDQ $16, R8
	STEP
	JMP  block

tail:
	// More than eight bytes, one to eight, or none.
	SUBQ R8, R11
	XORL R13, R13
	CMPQ R11, $8
	JHI  long
	XORL R9, R9
	TESTQ R11, R11
	JEQ  last
	MOVQ -8(R8)(R11*1), R9
	NEGQ R11
	SHLQ $3, R11
	SHRXQ R11, R9, R9
	JMP  last

long:
	MOVQ (R8), R9
	MOVQ -8(R8)(R11*1), R13

last:
	XORQ 16(BX), AX
	STEP
	MOVQ AX, R9
	MOVQ CX, DX
	XORQ AX, DX
	MOVQ 48(BX), R13
	MUL(R13)
	MOVQ R13, HASH(DI)
	XORQ 24(BX), CX
	MOVQ 56(BX), DX
	MUL(CX)
	ROLQ $32, R9
	XORQ R9, CX
	MOVQ CX, (HASH+8)(DI)
	VZEROUPPER
	RET

unknown:
	VZEROUPPER
	MOVQ $0, end+24(FP)
	MOVQ $0, is+32(FP)
	RET
